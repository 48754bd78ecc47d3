from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from imageproc.aws.clients import Aws
from imageproc.deployment.stack import EventFeed, describe, first_failure, follow, resources

from .fakes import STACK_ID, FakeClients, FakeCloudFormation, refusal

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

    from .conftest import Sleeper


def aws_with(cloudformation: FakeCloudFormation) -> Aws:
    return Aws(FakeClients(cloudformation=cloudformation))


def told(fake: FakeCloudFormation, sleep: Sleeper, operation: str = "delete_stack") -> list[tuple[str, str]]:
    aws = aws_with(fake)
    feed = EventFeed(aws, STACK_ID)
    getattr(fake, operation)()
    return [(each.logical_id, each.status) for each in follow(aws, STACK_ID, feed, sleep)]


def test_events_come_once_in_order_and_only_the_new_ones(sleep: Sleeper) -> None:
    story = [
        [("demo", "UPDATE_IN_PROGRESS"), ("A", "UPDATE_IN_PROGRESS")],
        [],
        [("A", "UPDATE_COMPLETE"), ("demo", "UPDATE_COMPLETE")],
    ]
    fake = FakeCloudFormation("CREATE_COMPLETE", {"update_stack": story})
    fake.tell(("demo", "CREATE_IN_PROGRESS"), ("A", "CREATE_COMPLETE"), ("demo", "CREATE_COMPLETE"))

    assert told(fake, sleep, "update_stack") == [
        ("demo", "UPDATE_IN_PROGRESS"),
        ("A", "UPDATE_IN_PROGRESS"),
        ("A", "UPDATE_COMPLETE"),
        ("demo", "UPDATE_COMPLETE"),
    ]


def test_a_burst_of_events_larger_than_a_page_is_told_in_full(sleep: Sleeper) -> None:
    burst = [("demo", "UPDATE_IN_PROGRESS"), *((f"R{i}", "UPDATE_COMPLETE") for i in range(20))]
    fake = FakeCloudFormation("CREATE_COMPLETE", {"update_stack": [burst, [("demo", "UPDATE_COMPLETE")]]})
    fake.tell(*((f"Old{i}", "CREATE_COMPLETE") for i in range(10)))
    fake.page_size = 3

    assert told(fake, sleep, "update_stack") == [*burst, ("demo", "UPDATE_COMPLETE")]


def test_throttling_only_makes_it_ask_more_rarely(sleep: Sleeper) -> None:
    throttled = refusal("Throttling", "Rate exceeded")
    story = [throttled, throttled, [("demo", "DELETE_COMPLETE")]]
    fake = FakeCloudFormation("CREATE_COMPLETE", {"delete_stack": story})

    assert told(fake, sleep) == [("demo", "DELETE_COMPLETE")]
    assert sleep.slept == [4.0, 8.0]


def test_other_refusals_end_it(sleep: Sleeper) -> None:
    fake = FakeCloudFormation("CREATE_COMPLETE", {"delete_stack": [refusal("AccessDenied")]})

    with pytest.raises(refusal("AccessDenied").__class__):
        told(fake, sleep)


def test_clean_up_after_an_update_is_not_its_end(sleep: Sleeper) -> None:
    story = [
        [("demo", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")],
        [("Old", "DELETE_COMPLETE")],
        [("demo", "UPDATE_COMPLETE")],
    ]
    fake = FakeCloudFormation("UPDATE_IN_PROGRESS", {"update_stack": story})

    assert told(fake, sleep, "update_stack")[-1] == ("demo", "UPDATE_COMPLETE")


def test_a_missed_last_event_does_not_make_it_wait_for_ever(sleep: Sleeper) -> None:
    fake = FakeCloudFormation("UPDATE_COMPLETE", {"update_stack": []})

    assert told(fake, sleep, "update_stack") == []
    assert sum(sleep.slept) > 5


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([("A", "CREATE_FAILED", "Resource creation cancelled"), ("B", "CREATE_FAILED", "No such key")], "B"),
        ([("B", "CREATE_FAILED", "No such key"), ("C", "CREATE_FAILED", "Denied")], "B"),
        (
            [("B", "UPDATE_FAILED", "Resource update cancelled"), ("demo", "UPDATE_ROLLBACK_FAILED", "why")],
            "B",
        ),
        ([("demo", "CREATE_FAILED", "the stack itself")], "demo"),
    ],
)
def test_the_first_failure_is_the_cause_and_not_what_was_cancelled(
    lines: list[tuple[str, ...]], expected: str
) -> None:
    fake = FakeCloudFormation("CREATE_COMPLETE")
    aws = aws_with(fake)
    feed = EventFeed(aws, STACK_ID)
    fake.tell(*lines)

    failure = first_failure(feed.new())

    assert failure is not None
    assert failure.logical_id == expected


def test_no_stack_is_none_and_another_refusal_is_raised() -> None:
    fake = FakeCloudFormation(None)
    assert describe(aws_with(fake), "demo") is None

    def denied(**_: object) -> ClientError:
        raise refusal("AccessDenied")

    fake.describe_stacks = denied  # type: ignore[assignment,method-assign]
    with pytest.raises(refusal("AccessDenied").__class__):
        describe(aws_with(fake), "demo")


def test_what_could_not_be_created_was_never_the_stacks() -> None:
    fake = FakeCloudFormation("DELETE_COMPLETE")
    fake.tell(
        ("demo", "CREATE_IN_PROGRESS"),
        ("Mine", "CREATE_COMPLETE"),
        ("Theirs", "CREATE_FAILED", "somebody's bucket has that name"),
        ("Theirs", "DELETE_COMPLETE"),
        ("Mine", "DELETE_SKIPPED"),
    )

    found = resources(aws_with(fake), STACK_ID)

    assert [(each.logical_id, each.status) for each in found] == [("Mine", "DELETE_SKIPPED")]
