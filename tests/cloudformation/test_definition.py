from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services.stepfunctions import _evaluate_jsonata

from imageproc import errors
from imageproc.core.limits import SUPPORTED_FORMATS
from imageproc.core.parts import REJECTIONS
from imageproc.core.turns import QUEUED, SHARE, Turn, turn_of
from imageproc.deployment.template import read_sources
from imageproc.deployment.template.sources import DEFINITION, DEFINITION_WITH_EMBEDDING
from imageproc.errors import LabelsQueuedError
from imageproc.functions.record_outcome import PARTS

AWS_ERRORS = re.compile(r"(States|Lambda|Runtime|Sandbox)\.\w+")
CONTRACT_STATES = {
    "ExtractImageMetadata",
    "ImageTypeCheck",
    "StoreImageMetadata",
    "ParallelProcessing",
    "Rekognition",
    "StoreRekognizedTags",
    "GenerateThumbnail",
    "NotSupportedImageType",
}


@pytest.fixture(params=[DEFINITION, DEFINITION_WITH_EMBEDDING])
def definition(request: pytest.FixtureRequest) -> Any:
    """The definition without embeddings, and with them."""
    return json.loads(read_sources().documents[request.param])


def states(machine: Any) -> Iterator[tuple[str, Any]]:
    """Yield all states, those of the branches too."""
    for name, state in machine["States"].items():
        yield name, state
        for branch in state.get("Branches", ()):
            yield from states(branch)


def tasks(machine: Any) -> list[tuple[str, Any]]:
    return [(name, state) for name, state in states(machine) if state["Type"] == "Task"]


def test_the_contracts_states_are_there(definition: Any) -> None:
    assert {name for name, _ in states(definition)} >= CONTRACT_STATES
    choice = definition["States"]["ImageTypeCheck"]
    compared = [one["StringEquals"] for one in choice["Choices"][0]["Or"]]
    assert tuple(compared) == SUPPORTED_FORMATS
    assert {one["Variable"] for one in choice["Choices"][0]["Or"]} == {"$.extractedMetadata.format"}
    assert definition["States"]["NotSupportedImageType"]["Error"] == "NotSupportedImageType"


def test_every_state_that_is_named_exists(definition: Any) -> None:
    for machine in (definition, *definition["States"]["ParallelProcessing"]["Branches"]):
        named = {machine["StartAt"]}
        for state in machine["States"].values():
            named |= {one["Next"] for one in (state, *state.get("Catch", ())) if "Next" in one}
            named |= {one["Next"] for one in state.get("Choices", ())}
            named |= {state["Default"]} if "Default" in state else set()
        assert named <= set(machine["States"])


def test_every_error_that_is_caught_or_retried_exists(definition: Any) -> None:
    for name, state in states(definition):
        for rule in (*state.get("Retry", ()), *state.get("Catch", ())):
            for error in rule["ErrorEquals"]:
                assert hasattr(errors, error) or AWS_ERRORS.fullmatch(error), f"{name}: {error}"


def test_retries_name_their_errors_back_off_with_jitter_and_end(definition: Any) -> None:
    for name, task in tasks(definition):
        transient = task["Retry"][0]
        assert "TransientServiceError" in transient["ErrorEquals"], name
        assert transient["BackoffRate"] > 1
        assert transient["JitterStrategy"] == "FULL"
        assert transient["MaxDelaySeconds"] <= 60
        for rule in task["Retry"]:
            assert 1 <= rule["MaxAttempts"] <= 8
            assert "States.ALL" not in rule["ErrorEquals"]
            assert "States.TaskFailed" not in rule["ErrorEquals"]


def test_who_is_to_wait_is_not_retried_but_waits_until_the_time_that_the_function_names(
    definition: Any,
) -> None:
    branch = definition["States"]["ParallelProcessing"]["Branches"][0]["States"]
    turn = Turn(1_764_093_605_250, 3)
    cause = json.dumps({"errorMessage": str(LabelsQueuedError(str(turn))), "errorType": "LabelsQueuedError"})
    for name in ("Rekognition", "RekognitionOfRendition"):
        retried = {error for rule in branch[name]["Retry"] for error in rule["ErrorEquals"]}
        assert not retried & {"LabelsQueuedError", "RenditionNeededError", "RecognitionThrottledError"}
        catch = branch[name]["Catch"][0]
        assert catch["ErrorEquals"] == ["LabelsQueuedError"]
        assert catch["ResultPath"] == f"$.{QUEUED}"
        wait = branch[catch["Next"]]
        assert (wait["Type"], wait["QueryLanguage"], wait["Next"]) == ("Wait", "JSONata", "Rekognition")
        expression = wait["Timestamp"].removeprefix("{%").removesuffix("%}").strip()
        caught = {QUEUED: {"Error": "LabelsQueuedError", "Cause": cause}}
        until = _evaluate_jsonata(expression, caught)
        assert until == "2025-11-25T18:00:04.000Z"
        assert turn_of(caught) == turn


def test_a_bulk_run_waits_longer_for_a_photo_than_a_burst_takes() -> None:
    bulk = json.loads(read_sources().bulk)
    photo = bulk["States"]["Photos"]["ItemProcessor"]["States"]["ProcessPhoto"]
    assert photo["TimeoutSeconds"] > 100_000 / (SHARE * 5)


def test_bad_images_are_never_retried(definition: Any) -> None:
    never = REJECTIONS | {"PhotoGoneError", "SupersededError", "RecognitionRefusedError"}
    for _, task in tasks(definition):
        assert not never & {error for rule in task["Retry"] for error in rule["ErrorEquals"]}


def test_every_task_ends_in_time_and_its_failure_is_caught(definition: Any) -> None:
    for name, task in tasks(definition):
        assert task["TimeoutSeconds"] <= 120, name
        caught = {error for rule in task["Catch"] for error in rule["ErrorEquals"]}
        assert "States.ALL" in caught or name == "RecordOutcome"


@pytest.mark.parametrize("branch", [0, 1])
def test_a_branch_catches_its_own_failure_and_names_the_part_that_is_missing(
    definition: Any, branch: int
) -> None:
    machine = definition["States"]["ParallelProcessing"]["Branches"][branch]
    for name, task in tasks(machine):
        assert name in PARTS
        assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
        assert task["Catch"][-1]["ResultPath"] == f"$.failures.{name}"


def test_too_much_data_is_caught_which_states_all_does_not_do(definition: Any) -> None:
    catch = definition["States"]["ParallelProcessing"]["Catch"]
    assert "States.DataLimitExceeded" in [error for rule in catch for error in rule["ErrorEquals"]]


def test_placeholders_and_substitutions_are_the_same(packaged: str, resources: Any) -> None:
    machine = resources["ImageProcStateMachine"]["Properties"]
    _, with_embedding, without = machine["DefinitionString"]["Fn::If"]
    placeholders = set(re.findall(r"\$\{(\w+)\}", with_embedding))
    assert placeholders - {"EmbedImageFunctionArn"} == set(re.findall(r"\$\{(\w+)\}", without))
    assert placeholders == set(machine["DefinitionSubstitutions"])
