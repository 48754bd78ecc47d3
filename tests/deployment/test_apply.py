from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from imageproc.deployment import Deployed, Plan, StackEvent, apply, outputs
from imageproc.deployment.artifacts import Artifacts
from imageproc.errors import AccessDeniedError, DeploymentFailed, PlanStaleError, StackMissingError

from .fakes import STACK_ID, FakeClients, FakeCloudFormation, refusal

if TYPE_CHECKING:
    from .conftest import Sleeper

WHERE = Artifacts("bucket", "f.zip", "l.zip", "t.yaml", "https://bucket/t.yaml")
PLAN = Plan("demo", STACK_ID, "UPDATE", WHERE, "arn:change-set")


def fake_with(story: Any) -> FakeCloudFormation:
    fake = FakeCloudFormation("CREATE_COMPLETE", {"execute_change_set": story})
    fake.outputs = {"S3PhotoRepoBucket": "photos"}
    return fake


def test_events_come_first_and_deployed_with_the_outputs_last(sleep: Sleeper) -> None:
    fake = fake_with(
        [[("demo", "UPDATE_IN_PROGRESS")], [("A", "UPDATE_COMPLETE"), ("demo", "UPDATE_COMPLETE")]]
    )

    told = list(apply(FakeClients(cloudformation=fake), PLAN, sleep=sleep))

    assert [type(each) for each in told] == [StackEvent, StackEvent, StackEvent, Deployed]
    assert told[-1] == Deployed("demo", STACK_ID, {"S3PhotoRepoBucket": "photos"})


def test_a_plan_without_changes_does_nothing_and_says_so(sleep: Sleeper) -> None:
    fake = fake_with([])
    nothing = Plan("demo", STACK_ID, "UPDATE", WHERE, None)

    told = list(apply(FakeClients(cloudformation=fake), nothing, sleep=sleep))

    assert told == [Deployed("demo", STACK_ID, {"S3PhotoRepoBucket": "photos"}, changed=False)]
    assert fake.operations == []


def test_a_failure_is_told_after_the_rollback_and_names_its_cause(sleep: Sleeper) -> None:
    fake = fake_with(
        [
            [
                ("A", "UPDATE_FAILED", "Resource update cancelled"),
                ("B", "UPDATE_FAILED", "Access denied to key x"),
            ],
            [("demo", "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: [A, B]")],
            [("B", "UPDATE_COMPLETE"), ("demo", "UPDATE_ROLLBACK_COMPLETE")],
        ]
    )
    events = apply(FakeClients(cloudformation=fake), PLAN, sleep=sleep)

    told = list(itertools.islice(events, 5))
    with pytest.raises(DeploymentFailed) as caught:
        next(events)

    cause = "B failed: Access denied to key x. The stack demo is now UPDATE_ROLLBACK_COMPLETE."
    assert str(caught.value) == cause
    assert isinstance(told[-1], StackEvent)
    assert told[-1].status == "UPDATE_ROLLBACK_COMPLETE"


def test_what_cloudformation_found_before_it_began_is_named(sleep: Sleeper) -> None:
    story = [("demo", "CREATE_FAILED", "Validation failed with 1 error(s). Call DescribeEvents to")]
    fake = fake_with([story, [("demo", "ROLLBACK_IN_PROGRESS")], [("demo", "ROLLBACK_COMPLETE")]])
    found = {"ValidationStatusReason": "The bucket exists.", "Timestamp": datetime.now(UTC)}
    fake.findings = [
        {**found, "LogicalResourceId": "Old", "Timestamp": datetime(2020, 1, 1, tzinfo=UTC)},
        {**found, "LogicalResourceId": "Warned", "ValidationFailureMode": "WARN"},
        {**found, "LogicalResourceId": "Oops", "ValidationFailureMode": "FAIL"},
    ]

    with pytest.raises(DeploymentFailed, match=r"^Oops failed: The bucket exists\. .* ROLLBACK_COMPLETE\.$"):
        list(apply(FakeClients(cloudformation=fake), PLAN, sleep=sleep))


def test_a_stack_that_rolled_back_without_a_failed_resource_still_fails(sleep: Sleeper) -> None:
    fake = fake_with([[("demo", "UPDATE_ROLLBACK_COMPLETE", "User initiated")]])

    with pytest.raises(DeploymentFailed, match="UPDATE_ROLLBACK_COMPLETE"):
        list(apply(FakeClients(cloudformation=fake), PLAN, sleep=sleep))


@pytest.mark.parametrize("code", ["InvalidChangeSetStatus", "ChangeSetNotFound"])
def test_a_plan_that_was_overtaken_says_plan_again(code: str, sleep: Sleeper) -> None:
    fake = fake_with(refusal(code, "ChangeSet is OBSOLETE"))

    with pytest.raises(PlanStaleError, match="Plan again"):
        list(apply(FakeClients(cloudformation=fake), PLAN, sleep=sleep))


def test_awss_refusals_are_the_domains_errors(sleep: Sleeper) -> None:
    fake = fake_with(refusal("AccessDenied", "not authorized", "ExecuteChangeSet"))

    with pytest.raises(AccessDeniedError, match="Deploying demo failed: ExecuteChangeSet"):
        list(apply(FakeClients(cloudformation=fake), PLAN, sleep=sleep))


def test_closing_it_stops_the_telling_and_nothing_else(sleep: Sleeper) -> None:
    fake = fake_with([[("demo", "UPDATE_IN_PROGRESS")], [("demo", "UPDATE_COMPLETE")]])
    events = apply(FakeClients(cloudformation=fake), PLAN, sleep=sleep)

    first = list(itertools.islice(events, 1))
    events.close()  # type: ignore[attr-defined]

    assert len(first) == 1
    assert fake.operations == ["execute_change_set"]


def test_outputs_of_a_missing_stack_are_an_error() -> None:
    with pytest.raises(StackMissingError, match="There is no stack demo"):
        outputs(FakeClients(cloudformation=FakeCloudFormation(None)), "demo")
