from __future__ import annotations

import json
import re
from typing import Any

import pytest

from imageproc import errors
from imageproc.deployment.template import read_sources
from imageproc.deployment.template.sources import BULK_DEFINITION, EXPRESS_BULK_DEFINITION
from tests.cloudformation.test_definition import states

AWS_ERRORS = re.compile(r"(States|Lambda|Sandbox|StepFunctions)\.\w+")


FILES = [BULK_DEFINITION, EXPRESS_BULK_DEFINITION]


@pytest.fixture(scope="module", params=FILES)
def photos(request: pytest.FixtureRequest) -> Any:
    """The Map over all photos, of each workflow type."""
    return json.loads(read_sources().documents[request.param])["States"]["Photos"]


def test_what_is_in_the_template_can_be_filled_in(resources: Any) -> None:
    machine = resources["BulkStateMachine"]["Properties"]
    condition, express, standard = machine["DefinitionString"]["Fn::If"]
    assert condition == "Express"
    texts = (*express["Fn::If"][1:], standard)
    named = set(re.findall(r"\$\{(\w+)\}", "".join(texts)))
    assert named == set(machine["DefinitionSubstitutions"])
    for text in texts:
        filled_in = json.loads(re.sub(r"\$\{\w+\}", "7", text))["States"]["Photos"]
        assert (filled_in["MaxConcurrency"], filled_in["ToleratedFailurePercentage"]) == (7, 7)


def test_express_children_hold_the_photos_own_state_machine_and_tell_its_function_who_they_are(
    definition: Any,
) -> None:
    of_express, of_standard = (
        json.loads(read_sources().documents[name])["States"]["Photos"]
        for name in (EXPRESS_BULK_DEFINITION, BULK_DEFINITION)
    )
    assert {**of_express, "ItemProcessor": 0} == {**of_standard, "ItemProcessor": 0}
    child = of_express["ItemProcessor"]
    assert child["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    assert child["States"]["ProcessPhoto"]["Branches"] == [definition]
    assert child["States"]["BeginPhoto"]["Parameters"]["executionArn.$"] == "$$.Execution.Id"
    names = [name for name, _ in states(child)]
    assert len(set(names)) == len(names), "names are unique in all of a state machine"
    assert not re.search(r"\.sync|waitForTaskToken", json.dumps(child)), "Express knows neither"


def test_every_state_and_every_error_that_is_named_exists(photos: Any) -> None:
    machine = photos["ItemProcessor"]
    named = {machine["StartAt"]}
    for state in machine["States"].values():
        named |= {
            one["Next"]
            for one in (state, *state.get("Catch", ()), *state.get("Choices", ()))
            if "Next" in one
        }
        named |= {state["Default"]} if "Default" in state else set()
        for rule in (*state.get("Retry", ()), *state.get("Catch", ())):
            for error in rule["ErrorEquals"]:
                assert hasattr(errors, error) or AWS_ERRORS.fullmatch(error), error
    assert named == set(machine["States"])


def test_results_go_to_the_bucket_for_they_may_be_too_many_for_the_next_state(photos: Any) -> None:
    assert photos["ResultWriter"]["Parameters"] == {"Bucket": "${Bucket}", "Prefix": "Bulk"}
    assert photos["ResultPath"] is None


def test_the_bulk_role_may_list_originals_write_results_and_run_only_these_machines(resources: Any) -> None:
    policy = resources["BulkStateMachinePolicy"]["Properties"]
    always = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    statements = {one["Sid"]: one for one in always}
    assert all(one["Resource"] != "*" and "*" not in "".join(one["Action"]) for one in statements.values())
    assert statements["ListUploads"]["Condition"] == {"StringLike": {"s3:prefix": "Incoming/*"}}
    assert statements["WriteResults"]["Resource"] == {"Fn::Sub": "${PhotoRepoS3Bucket.Arn}/Bulk/*"}
    name = resources["BulkStateMachine"]["Properties"]["StateMachineName"]["Fn::Sub"]
    assert statements["StartExecutions"]["Resource"]["Fn::Sub"].endswith(f":stateMachine:{name}")
    of_type = {
        one["Sid"]: (one["Effect"], one["Resource"])
        for one in policy["PolicyDocument"]["Statement"]
        if "Express" in str(one["Effect"])
    }
    starting = {"Fn::If": ["Express", "Deny", "Allow"]}
    assert of_type.pop("StartPhotos") == (starting, {"Ref": "ImageProcStateMachine"})
    of_photos = resources["StateMachinePolicy"]["Properties"]["PolicyDocument"]["Statement"][0]["Resource"]
    assert of_type == {"ProcessPhotos": ({"Fn::If": ["Express", "Allow", "Deny"]}, of_photos)}
    assert [
        one["Fn::Sub"].rpartition(":execution:")[2] for one in statements["FollowExecutions"]["Resource"]
    ] == [
        "${ImageProcStateMachine.Name}:*",
        f"{name}/*",
    ]
