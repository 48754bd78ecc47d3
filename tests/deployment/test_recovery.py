from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from imageproc.aws.clients import Aws
from imageproc.deployment.events import Event, Note, Removed
from imageproc.deployment.plan.recovery import recover
from imageproc.errors import ForeignStackError, PlanDeclinedError, StackBusyError, StackStuckError

from .fakes import FakeClients, FakeCloudFormation, FakeLogs

if TYPE_CHECKING:
    from .conftest import Sleeper

DELETED = [[("demo", "DELETE_IN_PROGRESS")], [("demo", "DELETE_COMPLETE")]]


def run(fake: FakeCloudFormation, sleep: Sleeper, **options: Any) -> tuple[Any, list[Event]]:
    notes: list[Event] = []
    state = recover(Aws(FakeClients(cloudformation=fake)), "demo", notes.append, sleep, **options)
    return state, notes


@pytest.mark.parametrize(
    "status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"]
)
def test_a_healthy_stack_is_left_alone(status: str, sleep: Sleeper) -> None:
    fake = FakeCloudFormation(status)

    state, notes = run(fake, sleep)

    assert state.status == status
    assert (fake.operations, notes) == ([], [])


def test_no_stack_needs_no_recovery(sleep: Sleeper) -> None:
    assert run(FakeCloudFormation(None), sleep) == (None, [])


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"])
def test_a_stack_that_never_lived_is_deleted_and_that_is_said(status: str, sleep: Sleeper) -> None:
    fake = FakeCloudFormation(status, {"delete_stack": DELETED})

    state, notes = run(fake, sleep)

    assert state is None
    assert fake.operations == ["delete_stack"]
    assert isinstance(notes[0], Note)
    assert status in notes[0].text


def test_a_log_group_that_outlived_the_failed_stack_is_out_of_the_way(sleep: Sleeper) -> None:
    fake = FakeCloudFormation("ROLLBACK_COMPLETE", {"delete_stack": DELETED})
    fake.tell(
        ("Work", "CREATE_COMPLETE", "", "AWS::Lambda::Function"),
        ("Work", "DELETE_COMPLETE", "", "AWS::Lambda::Function"),
    )
    fake.status = "ROLLBACK_COMPLETE"
    logs = FakeLogs("/aws/lambda/physical-Work", "/aws/lambda/physical-Work-2", "/other")
    notes: list[Event] = []

    recover(Aws(FakeClients(cloudformation=fake, logs=logs)), "demo", notes.append, sleep)

    assert logs.names == {"/aws/lambda/physical-Work-2", "/other"}
    assert notes[-1] == Removed("log group", "/aws/lambda/physical-Work")


def test_a_stack_that_cannot_be_deleted_says_why_and_what_to_do(sleep: Sleeper) -> None:
    story = [[("Bucket", "DELETE_FAILED", "The bucket is not empty"), ("demo", "DELETE_FAILED")]]
    fake = FakeCloudFormation("DELETE_FAILED", {"delete_stack": story})

    with pytest.raises(StackStuckError, match=r"Bucket: The bucket is not empty.*imageproc destroy"):
        run(fake, sleep)


def test_a_failed_rollback_is_continued(sleep: Sleeper) -> None:
    fake = FakeCloudFormation(
        "UPDATE_ROLLBACK_FAILED", {"continue_update_rollback": [[("demo", "UPDATE_ROLLBACK_COMPLETE")]]}
    )

    state, _ = run(fake, sleep)

    assert state.status == "UPDATE_ROLLBACK_COMPLETE"


def test_a_rollback_that_fails_again_names_the_resource_and_the_way_out(sleep: Sleeper) -> None:
    story = [[("Table", "UPDATE_FAILED", "It was deleted by hand"), ("demo", "UPDATE_ROLLBACK_FAILED")]]
    fake = FakeCloudFormation("UPDATE_ROLLBACK_FAILED", {"continue_update_rollback": story})

    with pytest.raises(StackStuckError, match=r"Table: It was deleted by hand.*--resources-to-skip"):
        run(fake, sleep)


def test_a_busy_stack_is_an_error(sleep: Sleeper) -> None:
    with pytest.raises(StackBusyError, match="UPDATE_IN_PROGRESS"):
        run(FakeCloudFormation("UPDATE_IN_PROGRESS"), sleep)


def test_a_busy_stack_can_be_waited_for(sleep: Sleeper) -> None:
    fake = FakeCloudFormation("UPDATE_IN_PROGRESS")
    polls = 0

    def seconds(duration: float) -> None:
        nonlocal polls
        polls += 1
        if polls == 3:
            fake.tell(("demo", "UPDATE_COMPLETE"))

    notes: list[Event] = []
    state = recover(Aws(FakeClients(cloudformation=fake)), "demo", notes.append, seconds, wait=True)

    assert state is not None
    assert state.status == "UPDATE_COMPLETE"
    assert isinstance(notes[0], Note)


def test_a_stack_of_other_origin_is_left_alone(sleep: Sleeper) -> None:
    fake = FakeCloudFormation("ROLLBACK_COMPLETE")
    fake.parameters = {"DataRetention": "theirs"}

    with pytest.raises(ForeignStackError, match="by imageproc: it has no parameter RoleStrategy"):
        run(fake, sleep)

    assert fake.operations == []


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"])
def test_a_broken_stack_is_not_touched_without_a_yes(status: str, sleep: Sleeper) -> None:
    fake = FakeCloudFormation(status)
    asked: list[str] = []

    def refuse(question: str) -> bool:
        asked.append(question)
        return False

    with pytest.raises(PlanDeclinedError, match="nothing was changed"):
        run(fake, sleep, confirm=refuse)

    assert fake.operations == []
    assert status in asked[0]


def test_a_broken_stack_is_an_error_when_it_may_not_be_repaired(sleep: Sleeper) -> None:
    fake = FakeCloudFormation("ROLLBACK_COMPLETE")

    with pytest.raises(StackStuckError, match=r"ROLLBACK_COMPLETE.*Nothing was changed"):
        run(fake, sleep, repair=False)

    assert fake.operations == []
