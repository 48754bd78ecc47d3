from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from typing import Any

import pytest
from ministack.services import stepfunctions

from imageproc import errors
from imageproc.client.bulk import READS_LIST
from imageproc.core import keys
from imageproc.core.attributes import FAILED_PHOTOS
from imageproc.core.changes import run_item_id
from imageproc.core.express import LIMIT_MS
from imageproc.deployment.plan.quotas import bulk_concurrency
from imageproc.deployment.template import read_sources
from imageproc.deployment.template.sources import BULK_DEFINITION, EXPRESS_BULK_DEFINITION
from tests.cloudformation.test_definition import states

AWS_ERRORS = re.compile(r"(States|Lambda|Sandbox|StepFunctions|DynamoDB)\.\w+")


FILES = [BULK_DEFINITION, EXPRESS_BULK_DEFINITION]
MACHINE = "arn:aws:states:eu-west-1:123456789012:express:bulk/Photos"


def express_map() -> Any:
    """The Map over all photos whose children are Express."""
    return json.loads(read_sources().documents[EXPRESS_BULK_DEFINITION])["States"]["Photos"]


def jsonata(template: Any, concurrency: int, state: Any) -> Any:
    """Return what a field in JSONata says of a state, with the template's defaults in place."""
    values = {
        "BulkConcurrency": concurrency,
        "DetectLabelsPerSecond": 5,
        "BulkToleratedFailurePercentage": 10,
    }
    text = json.dumps(template)
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", str(value))
    found: Any = stepfunctions._apply_jsonata_template(json.loads(text), state)
    return found


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
        assert filled_in["ToleratedFailurePercentage"] == 7


def test_express_children_hold_the_photos_own_state_machine_and_tell_its_function_who_they_are(
    definition: Any,
) -> None:
    child = express_map()["ItemProcessor"]
    assert child["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    batch = child["States"]["Batch"]
    assert batch["ItemProcessor"]["States"]["ProcessPhoto"]["Branches"] == [definition]
    arn = f"{MACHINE}:child:id"
    named = batch["ItemSelector"]["executionArn.$"].removeprefix("States.Format('").partition("'")[0]
    assert keys.place_in_batch(named.replace("{}", arn, 1).replace("{}", "19")) == 19
    names = [name for name, _ in states(json.loads(read_sources().documents[EXPRESS_BULK_DEFINITION]))]
    names += [name for inner in (child, batch["ItemProcessor"]) for name, _ in states(inner)]
    assert len(set(names)) == len(names), "names are unique in all of a state machine"
    assert not re.search(r"\.sync|waitForTaskToken", json.dumps(child)), "Express knows neither"


def test_as_many_photos_are_under_way_as_the_parameter_says_and_rekognition_can_take() -> None:
    """Counted in the batches' places, of which a run has one batch's at least."""
    default = bulk_concurrency({"BulkConcurrency": "0", "DetectLabelsPerSecond": "5"})
    assert default == 20
    standard, machine = (
        json.loads(read_sources().documents[file]) for file in (BULK_DEFINITION, EXPRESS_BULK_DEFINITION)
    )
    assert standard["States"]["Photos"]["MaxConcurrencyPath"] == "$.concurrency"
    for concurrency, expected in ((0, default), (7, 7)):
        found = jsonata(standard["States"]["Concurrency"]["Output"], concurrency, {"list": "l"})
        assert found == {"list": "l", "concurrency": expected}
    assert machine["States"]["Photos"]["MaxConcurrencyPath"] == "$.batches"
    places = express_map()["ItemProcessor"]["States"]["Batch"]["MaxConcurrency"]
    for concurrency, only, batches in (
        (0, [], default / places),
        (20, [], 4),
        (24, ["tags"], 4),
        (3, [], 1),
        (10_000, [], 25),
        (10_000, ["thumbnail"], 2_000),
    ):
        state = {"list": "l", "only": only}
        found = jsonata(machine["States"]["Concurrency"]["Output"], concurrency, state)
        assert found == state | {"batches": batches}
    rounds = express_map()["ItemBatcher"]["MaxItemsPerBatch"] / places
    waits_s = 25 / 0.9  # at nine tenths of the quota, as turns are
    assert rounds * waits_s * 1000 < LIMIT_MS - 2 * 60_000, "and two minutes are left for all else"


@pytest.mark.parametrize(
    ("failures", "corrected_by", "too_many"),
    [([1] + [0] * 19, 1, False), ([1] * 3 + [0] * 17, 3 - 20, True), ([1], 0, True)],
)
def test_a_batch_of_which_too_many_photos_failed_fails_and_the_runs_counts_are_corrected(
    failures: list[int], corrected_by: int, too_many: bool
) -> None:
    states_of_batch = express_map()["ItemProcessor"]["States"]
    state = {"BatchInput": {"bulk": "bulk-1"}, "failures": failures}
    assert not jsonata(states_of_batch["HasFailures"]["Choices"][0]["Condition"], 20, state)
    written = jsonata(states_of_batch["CountFailures"]["Arguments"], 20, state)
    assert written["Key"] == {"imageID": {"S": run_item_id("bulk-1")}}
    assert written["ExpressionAttributeValues"][":more"] == {"N": str(corrected_by)}
    assert written["UpdateExpression"].startswith(f"ADD {FAILED_PHOTOS} :more")
    assert jsonata(states_of_batch["HasTooManyFailures"]["Choices"][0]["Condition"], 20, state) is too_many
    none = {**state, "failures": [0] * len(failures)}
    assert jsonata(states_of_batch["HasFailures"]["Choices"][0]["Condition"], 20, none)


def test_every_state_and_every_error_that_is_named_exists(photos: Any) -> None:
    machine = photos["ItemProcessor"]
    if "Batch" in machine["States"]:
        named_in(machine["States"]["Batch"]["ItemProcessor"])
    named_in(machine)


def named_in(machine: Any) -> None:
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


def test_a_run_reads_its_photos_from_a_list_and_tells_each_what_it_was_told(photos: Any) -> None:
    reader = photos["ItemReader"]
    assert reader["Resource"].endswith(":s3:getObject")
    assert reader["ReaderConfig"] == {"InputType": "JSONL"}
    assert reader["Parameters"] == {"Bucket": "${Bucket}", "Key.$": "$.list"}
    assert READS_LIST in json.dumps(reader), "by it the client tells this machine from an older one"
    item = photos["ItemProcessor"]["States"].get("Batch", photos)["ItemSelector"]
    assert {name.partition(".")[0] for name in item} >= {"bucket", "key", "only", "again", "bulk"}


def test_results_go_to_the_bucket_for_they_may_be_too_many_for_the_next_state(photos: Any) -> None:
    assert photos["ResultWriter"]["Parameters"] == {"Bucket": "${Bucket}", "Prefix": "Bulk"}
    assert photos["ResultPath"] is None


def test_the_bulk_role_may_read_lists_write_results_and_run_only_these_machines(resources: Any) -> None:
    policy = resources["BulkStateMachinePolicy"]["Properties"]
    always = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    statements = {one["Sid"]: one for one in always}
    assert all(one["Resource"] != "*" and "*" not in "".join(one["Action"]) for one in statements.values())
    of_bucket = [one for one in statements.values() if "s3:" in str(one["Action"])]
    assert [one["Resource"] for one in of_bucket] == [{"Fn::Sub": "${PhotoRepoS3Bucket.Arn}/Bulk/*"}]
    assert keys.bulk_list_key("bulk-1").startswith("Bulk/")
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
    express = {"Fn::If": ["Express", "Allow", "Deny"]}
    counted_in = {"Fn::GetAtt": ["ImageMetadataDDBTable", "Arn"]}
    assert of_type == {"ProcessPhotos": (express, of_photos), "CountFailures": (express, counted_in)}
    (counting,) = [one for one in policy["PolicyDocument"]["Statement"] if one["Sid"] == "CountFailures"]
    leading = counting["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert fnmatch(run_item_id("bulk-1"), leading)
    assert not fnmatch("album/photo.jpg", leading)
    assert [
        one["Fn::Sub"].rpartition(":execution:")[2] for one in statements["FollowExecutions"]["Resource"]
    ] == [
        "${ImageProcStateMachine.Name}:*",
        f"{name}/*",
    ]
