from __future__ import annotations

import json
import re
from typing import Any

import pytest

from imageproc import errors
from imageproc.deployment.template import read_sources
from tests.cloudformation.test_definition import states

AWS_ERRORS = re.compile(r"(States|Lambda|Sandbox|StepFunctions)\.\w+")


@pytest.fixture(scope="module")
def photos() -> Any:
    """The Map over all photos."""
    return json.loads(read_sources().bulk)["States"]["Photos"]


def test_what_is_in_the_template_can_be_filled_in(resources: Any) -> None:
    machine = resources["BulkStateMachine"]["Properties"]
    text = machine["DefinitionString"]
    assert set(re.findall(r"\$\{(\w+)\}", text)) == set(machine["DefinitionSubstitutions"])
    filled_in = json.loads(re.sub(r"\$\{\w+\}", "7", text))["States"]["Photos"]
    assert (filled_in["MaxConcurrency"], filled_in["ToleratedFailurePercentage"]) == (7, 7)


def test_every_state_and_every_error_that_is_named_exists(photos: Any) -> None:
    machine = photos["ItemProcessor"]
    named = {machine["StartAt"]}
    for _, state in states(machine):
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
    photo_machine, itself = statements["StartExecutions"]["Resource"]
    assert photo_machine == {"Ref": "ImageProcStateMachine"}
    assert itself["Fn::Sub"].endswith(f":stateMachine:{name}")
    assert [
        one["Fn::Sub"].rpartition(":execution:")[2] for one in statements["FollowExecutions"]["Resource"]
    ] == [
        "${ImageProcStateMachine.Name}:*",
        f"{name}/*",
    ]
