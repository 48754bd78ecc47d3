"""The stack's outputs: read once, and what is said of a stack that lacks them."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from weakref import ref

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from imageproc.client.listeners import Listeners
from imageproc.client.stack import Stack, others_text
from imageproc.client.target import LOCAL, Target
from imageproc.deployment.events import Deployed
from imageproc.errors import AccessDeniedError, StackBusyError, StackMissingError, TargetError

OUTPUTS = {
    "S3PhotoRepoBucket": "photos",
    "DDBImageMetadataTable": "images",
    "DDBAlbumMetadataTable": "albums",
    "StateMachineArn": "arn:machine",
}


@pytest.fixture
def cloudformation(target: Target) -> Iterator[Stubber]:
    with Stubber(target.client("cloudformation")) as stubber:
        target.client("sts").meta.events.register(
            "before-call.sts.GetCallerIdentity", lambda **_: (_Answer(), {"Account": "123456789012"})
        )
        yield stubber
        stubber.assert_no_pending_responses()


class _Answer:
    status_code = 200


@pytest.fixture
def stack(target: Target) -> Stack:
    return Stack(target, "mine")


def answer(stubber: Stubber, outputs: dict[str, str], status: str = "CREATE_COMPLETE") -> None:
    """Let the next look find a stack like this."""
    found = {
        "StackName": "mine",
        "StackStatus": status,
        "CreationTime": 0,
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
    }
    stubber.add_response("describe_stacks", {"Stacks": [found]}, {"StackName": "mine"})


def test_nothing_is_asked_before_an_output_is_needed_and_then_once(
    stack: Stack, cloudformation: Stubber
) -> None:
    answer(cloudformation, OUTPUTS)
    assert (stack.bucket, stack.image_table, stack.album_table) == ("photos", "images", "albums")
    assert stack.state_machine_arn == "arn:machine"
    assert stack.outputs == OUTPUTS


def test_the_outputs_are_read_again_after_aws_did_not_find_what_they_name(
    target: Target, cloudformation: Stubber
) -> None:
    shared = {service: target.client(service) for service in ("cloudformation", "sts")}
    own = replace(target, _clients=shared, gone=Listeners())
    stack, s3 = Stack(own, "mine"), own.client("s3")
    answer(cloudformation, OUTPUTS)
    assert stack.bucket == "photos"
    for code in ("NoSuchKey", "NoSuchBucket"):
        with Stubber(s3) as stubber:
            stubber.add_client_error("list_objects_v2", code)
            with pytest.raises(ClientError):
                s3.list_objects_v2(Bucket="photos")
        assert ("outputs" in vars(stack)) == (code == "NoSuchKey")
    answer(cloudformation, OUTPUTS | {"S3PhotoRepoBucket": "photos-2"})
    assert stack.bucket == "photos-2"


def test_a_stack_that_nobody_uses_is_not_kept(target: Target) -> None:
    made = ref(Stack(target, "mine"))
    gc.collect()
    assert made() is None
    target.gone.tell()


def test_a_stack_that_does_not_exist_is_told_with_the_fix(stack: Stack, cloudformation: Stubber) -> None:
    cloudformation.add_client_error("describe_stacks", "ValidationError", "Stack with id mine does not exist")
    with pytest.raises(StackMissingError, match=r"Looking for the stack mine in AWS .* Deploy it first"):
        _ = stack.bucket


def test_a_stack_that_appears_later_is_found_without_a_new_object(
    stack: Stack, cloudformation: Stubber
) -> None:
    cloudformation.add_client_error("describe_stacks", "ValidationError", "Stack with id mine does not exist")
    answer(cloudformation, OUTPUTS)
    with pytest.raises(StackMissingError):
        _ = stack.bucket
    assert stack.bucket == "photos"


@pytest.mark.parametrize(
    ("outputs", "status"), [({}, "ROLLBACK_COMPLETE"), ({"Url": "x"}, "CREATE_COMPLETE")]
)
def test_a_stack_of_another_kind_or_half_a_stack_is_told_with_its_state(
    stack: Stack, cloudformation: Stubber, outputs: dict[str, str], status: str
) -> None:
    answer(cloudformation, outputs, status)
    with pytest.raises(
        TargetError, match=f"is {status} and lacks the outputs of this project's template"
    ) as told:
        _ = stack.bucket
    assert told.value.fix == "Deploy it (imageproc deploy), or name another stack."


@pytest.mark.parametrize(
    ("status", "doing"), [("CREATE_IN_PROGRESS", "deployed"), ("DELETE_IN_PROGRESS", "removed")]
)
def test_a_stack_that_is_being_made_or_removed_is_to_be_waited_for(
    stack: Stack, cloudformation: Stubber, status: str, doing: str
) -> None:
    answer(cloudformation, {}, status)
    answer(cloudformation, OUTPUTS)
    with pytest.raises(StackBusyError, match=f"is being {doing}") as told:
        _ = stack.bucket
    assert "Try again" in told.value.fix
    assert stack.bucket == "photos"


def test_a_stack_that_may_not_be_looked_at_is_told(stack: Stack, cloudformation: Stubber) -> None:
    cloudformation.add_client_error("describe_stacks", "AccessDenied", "no")
    with pytest.raises(AccessDeniedError):
        _ = stack.bucket


def test_a_stack_of_an_earlier_version_lacks_what_came_later_and_says_so(
    stack: Stack, cloudformation: Stubber
) -> None:
    answer(cloudformation, OUTPUTS)
    with pytest.raises(TargetError, match=r"The stack mine has no dead-letter queue\. Deploy it again"):
        _ = stack.dead_letter_queue
    with pytest.raises(TargetError, match=r"The stack mine has no bulk state machine\. Deploy it again"):
        _ = stack.bulk_state_machine_arn


def _applied(stack: Stack) -> None:
    list(stack.apply(object()))  # type: ignore[arg-type]


def _destroyed(stack: Stack) -> None:
    list(stack.destroy())


@pytest.mark.parametrize("change", [_applied, _destroyed])
def test_outputs_are_read_anew_after_the_stack_was_changed(
    stack: Stack,
    cloudformation: Stubber,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Stack], None],
) -> None:
    def changed(*_: Any, **__: Any) -> Iterator[object]:
        yield object()

    monkeypatch.setattr("imageproc.client.stack.apply", changed)
    monkeypatch.setattr("imageproc.client.stack.destroy", changed)
    answer(cloudformation, OUTPUTS)
    assert stack.bucket == "photos"
    change(stack)
    answer(cloudformation, OUTPUTS | {"S3PhotoRepoBucket": "another"})
    assert stack.bucket == "another"


def test_a_deployment_tells_each_event_and_returns_the_last(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = Deployed("mine", "id")
    monkeypatch.setattr(Stack, "plan", lambda *_, **__: object())
    monkeypatch.setattr(Stack, "apply", lambda *_, **__: iter(["first", last, "never looked at"]))
    told: list[object] = []
    assert stack.deploy(notify=told.append) is last
    assert told == ["first", last]


def test_other_stacks_of_the_local_aws_are_named(target: Target, cloudformation: Stubber) -> None:
    assert others_text(Stack(target, "mine")) == "", "on AWS nobody is asked"
    outputs = {"mine": OUTPUTS, "lab": OUTPUTS, "other": {"Url": "x"}}
    stacks = [
        {
            "StackName": name,
            "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
            "StackStatus": "CREATE_COMPLETE",
            "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in found.items()],
        }
        for name, found in outputs.items()
    ]
    cloudformation.add_response("describe_stacks", {"Stacks": stacks}, {})
    local = replace(target, name=LOCAL)
    object.__setattr__(local, "client", target.client)
    said = "Another stack is still there: lab. imageproc destroy --stack-name NAME removes it."
    assert others_text(Stack(local, "mine")) == said
