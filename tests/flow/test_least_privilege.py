"""Least privilege, both ways: what the policies grant is used, and what is used is granted.

The whole flow runs once on a local AWS that enforces the policies and records each request that they decide
about. That is compared with the policies as they are deployed. What MiniStack does without asking a policy
cannot be seen so: those statements are the exceptions below, each with its reason, and are held to the letter
instead.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from imageproc.client.workbench import Workbench
from imageproc.core.record import Status
from imageproc.deployment import Request, apply, local_target, plan
from imageproc.deployment.template import read_sources
from imageproc.local import LocalAws, runtime_bootstrap
from imageproc.local.ministack_adapter.access import SWITCH as RECORD
from imageproc.local.recognition import SWITCH as RECOGNITION
from imageproc.local.recognition.models import missing_packages
from tests import pictures
from tests.flow.access import (
    OF_WORKFLOW_TYPES,
    Grant,
    Role,
    Use,
    grants_of,
    listed,
    names_of,
    read_entries,
    roles_of,
    use_of,
    without_statement,
)
from tests.flow.conftest import Backend, deploy, target_of
from tests.flow.guests import Guest
from tests.judge.requests import RECORD as RECORD_FOR_JUDGES

LAMBDA, STATES = "lambda.amazonaws.com", "states.amazonaws.com"
NAME = "least"


@dataclass(frozen=True)
class Unseen:
    """What nobody asks a policy about here: the statement, whose it is, what it must grant, and why."""

    sid: str
    assumed_by: str
    actions: frozenset[str]
    reason: str
    policy: str = ""
    """The only policy that has it; empty: one of each role that this service assumes."""

    def __contains__(self, grant: Grant) -> bool:
        named = self.policy in ("", grant.policy)
        return named and self.sid == grant.sid and grant.action in self.actions


def unseen(sid: str, assumed_by: str, actions: str, reason: str, policy: str = "") -> Unseen:
    return Unseen(sid, assumed_by, frozenset(actions.split()), reason, policy)


EXCEPTIONS = (
    unseen(
        "WriteLogs",
        LAMBDA,
        "logs:CreateLogStream logs:PutLogEvents",
        "MiniStack writes the functions' logs itself",
    ),
    unseen(
        "Trace", LAMBDA, "xray:PutTelemetryRecords", "Lambda asks for the other alone, and sends nothing here"
    ),
    unseen(
        "Trace",
        STATES,
        "xray:GetSamplingRules xray:GetSamplingTargets xray:PutTelemetryRecords xray:PutTraceSegments",
        "MiniStack has no X-Ray",
    ),
    unseen(
        "KeepFailedEvents",
        LAMBDA,
        "sqs:SendMessage",
        "MiniStack sends to an on-failure destination itself",
        "ImageProcStartExecution",
    ),
    unseen(
        "ReadUploads",
        LAMBDA,
        "s3:GetObject",
        "AWS names s3:GetObject as what Rekognition needs, and does not say whether a version needs it too",
        "Rekognition",
    ),
    unseen(
        "DeliverLogs",
        STATES,
        "logs:CreateLogDelivery logs:DeleteLogDelivery logs:DescribeLogGroups logs:DescribeResourcePolicies "
        "logs:GetLogDelivery logs:ListLogDeliveries logs:PutResourcePolicy logs:UpdateLogDelivery",
        "MiniStack delivers no state machine's logs",
    ),
    *(
        unseen(
            sid, STATES, actions, "MiniStack needs none of it to wait for what was started", "BulkProcessing"
        )
        for sid, actions in (
            ("FollowExecutions", "states:DescribeExecution states:StopExecution"),
            ("HearOfEnds", "events:DescribeRule events:PutRule events:PutTargets"),
        )
    ),
    unseen(
        "ReadListsAndWriteResults",
        STATES,
        "s3:AbortMultipartUpload s3:ListMultipartUploadParts",
        "results are not written here, and the policy is asked about the manifest alone",
        "BulkProcessing",
    ),
)


@dataclass(frozen=True)
class Recorded:
    """The stack whose flow was recorded, what its roles may do, and what they did."""

    backend: Backend
    roles: dict[str, Role]
    grants: list[Grant]
    uses: list[Use]
    entries: list[Any]
    """What was recorded of these roles, as it was written."""

    def excepted(self, exception: Unseen) -> list[Grant]:
        """The grants that an exception is about."""
        found = [grant for grant in self.grants if grant in exception]
        return [grant for grant in found if self.roles[grant.role].assumed_by == exception.assumed_by]

    def seen(self) -> list[Grant]:
        """The grants that the record can tell about."""
        excepted = {grant for exception in EXCEPTIONS for grant in self.excepted(exception)}
        return [grant for grant in self.grants if grant not in excepted]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """The flow, recorded once. Redeployments come after it, and change nothing of what was recorded."""
    local = LocalAws(tmp_path_factory.mktemp("recorded") / "state")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(RECORD, "on")
        environment.delenv(RECOGNITION, raising=False)
        target = target_of(local.start())
    deploy(target, NAME, Tracing="Active", Similarity="Enabled")
    backend = Backend(Workbench(target, NAME))
    whole_flow(backend)
    roles = roles_of(backend.stack)
    entries = [one for one in read_entries(local.state_dir / "access.jsonl") if use_of(one).role in roles]
    uses = [use_of(one) for one in entries]
    yield Recorded(backend, roles, grants_of(backend.stack, roles), uses, entries)
    local.reset()


def whole_flow(backend: Backend) -> None:
    """Do all that the stack is for, and all that makes a function ask for something more."""
    guest = Guest.of(backend.stack)
    guest.make_album("album")
    guest.upload("photo.jpg", pictures.jpeg(), album="album")
    first = backend.ended("photo.jpg")["photo.jpg"]
    # Rekognition cannot take it as it is: its rendition is labelled.
    backend.put("thin.jpg", pictures.jpeg((60, 400)))
    backend.execution(backend.ended("thin.jpg")["thin.jpg"])
    # An upload over another one looks at the thumbnail that is there, and whose the record is.
    version = backend.put("photo.jpg", pictures.png())
    backend.execution(backend.until_version("photo.jpg", version))
    backend.put("text.jpg", b"no photo")
    backend.execution(backend.ended("text.jpg")["text.jpg"])
    by_hand = {"s3Bucket": backend.stack.bucket, "s3Key": "Incoming/photo.jpg", "objectID": "photo.jpg"}
    # Without a version the newest is read, which is another permission; with parts the rest is looked up.
    backend.run(by_hand)
    backend.run({**by_hand, "only": ["tags"]})
    deliver_again(backend)
    ask_for_what_is_gone(backend)
    process_in_bulk(backend)
    guest.look_at_all("photo.jpg", "album", first.execution_arn)


def process_in_bulk(backend: Backend, photos: int = 3) -> None:
    """Process all photos in one run; of one that is not finished it is asked whether it is under way."""
    unfinished: Any = {"status": {"Value": {"S": "PROCESSING"}}}
    backend.stack.client("dynamodb").update_item(
        TableName=backend.stack.image_table,
        Key={"imageID": {"S": "photo.jpg"}},
        AttributeUpdates=unfinished,
    )
    bulk = backend.workbench.bulk
    *_, last = bulk.follow(bulk.start(), interval_s=0.2)
    assert (last.status, last.done) == ("SUCCEEDED", photos)


def deliver_again(backend: Backend) -> None:
    """Deliver an event twice, as S3 may."""
    photo = backend.photos.get("photo.jpg")
    deliver(backend, {"key": photo.key, "versionId": photo.version_id, "sequencer": photo.sequencer})


def deliver(backend: Backend, entry: dict[str, Any]) -> None:
    """Deliver an event about an object."""
    event = {"Records": [{"s3": {"bucket": {"name": backend.stack.bucket}, "object": entry}}]}
    answer = invoke(backend, "ImageProcStartExecution", event)
    assert "errorType" not in (answer or {}), answer


def invoke(backend: Backend, function: str, event: dict[str, Any]) -> Any:
    """Invoke a function of the stack, and return what it returned or the error it reported."""
    name = f"{backend.stack.name}-{function}"
    answer = backend.stack.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    return json.loads(answer["Payload"].read())


def ask_for_what_is_gone(backend: Backend) -> None:
    """Have each function look for a photo that is gone; S3 says so only to those who may list."""
    key, version = "Incoming/gone.jpg", "gone"
    state = {"s3Bucket": backend.stack.bucket, "s3Key": key, "objectID": "gone.jpg", "versionId": version}
    deliver(backend, {"key": key, "versionId": version, "sequencer": "00"})
    for function in ("ExtractImageMetadata", "GenerateThumbnail", "EmbedImage", "RekognitionOfRendition"):
        assert invoke(backend, function, state)["errorType"] == "PhotoGoneError"
    item = {"bucket": backend.stack.bucket, "key": key, "only": [], "again": True, "bulk": "run"}
    assert invoke(backend, "BeginPhoto", item)["start"] is False


@pytest.fixture(autouse=True)
def _with_recognition() -> None:
    if missing_packages():
        pytest.skip(f"{missing_packages()} not installed: nothing reads photos for their labels")


def test_nothing_was_denied(recorded: Recorded) -> None:
    denied = [use for use in recorded.uses if not use.allowed]
    assert not denied, denied
    assert {use.role for use in recorded.uses} == {role.name for role in recorded.roles.values()}


def test_the_judges_look_at_what_was_recorded(recorded: Recorded) -> None:
    """`make judge` has an IAM simulator decide about this list, under both role strategies."""
    found = listed(recorded.entries, names_of(recorded.backend.stack))
    if os.environ.get("UPDATE_ACCESSES"):
        RECORD_FOR_JUDGES.write_text(found)
    assert found == RECORD_FOR_JUDGES.read_text(), "write it anew, as its first lines say"


def test_everything_that_is_granted_was_used(recorded: Recorded) -> None:
    unused = [grant for grant in recorded.seen() if not any(map(grant.covers, recorded.uses))]
    assert not unused, f"remove, or name as exceptions with the reason: {'; '.join(map(str, unused))}"


def test_without_any_one_grant_something_that_was_used_would_be_denied(recorded: Recorded) -> None:
    """So no statement, no action of it and no resource of it can be left out unnoticed."""
    for missing in recorded.seen():
        rest = [grant for grant in recorded.grants if grant != missing]
        denied = [use for use in recorded.uses if not any(grant.covers(use) for grant in rest)]
        assert denied, f"{missing} could be left out"


def test_the_exceptions_are_unseen_and_stand_to_the_letter(recorded: Recorded) -> None:
    for exception in EXCEPTIONS:
        grants = recorded.excepted(exception)
        holders = {grant.role for grant in grants}
        for role in holders:
            assert {one.action for one in grants if one.role == role} == exception.actions, exception
        if exception.policy:
            assert len(holders) == 1, exception
        else:
            service = exception.assumed_by
            assert holders == {one.name for one in recorded.roles.values() if one.assumed_by == service}
        seen = [use for use in recorded.uses for grant in grants if grant.covers(use)]
        assert not seen, f"{exception.sid} was asked about: it is no exception any more"


def redeploy_without(backend: Backend, policy: str, sid: str) -> None:
    """Deploy the stack again with one statement less."""
    sources = read_sources()
    cut = replace(sources, template=without_statement(sources.template, policy, sid))
    request = Request(NAME, local_target(runtime_bootstrap()), sources=cut)
    list(apply(backend.stack.target, plan(backend.stack.target, request)))


@pytest.mark.parametrize(
    ("policy", "sid", "ended"),
    [
        ("ExtractImageMetadataPolicy", "ReadUploads", (Status.FAILED, "ExtractImageMetadata")),
        ("GenerateThumbnailPolicy", "WriteThumbnails", (Status.INCOMPLETE, "GenerateThumbnail")),
        ("RekognitionPolicy", "DetectLabels", (Status.INCOMPLETE, "Rekognition")),
    ],
)
def test_a_stack_deployed_without_one_statement_fails_there(
    recorded: Recorded, policy: str, sid: str, ended: tuple[Status, str], fresh: str
) -> None:
    backend = recorded.backend
    redeploy_without(backend, policy, sid)
    backend.put(f"{fresh}.jpg", pictures.jpeg())
    photo = backend.ended(f"{fresh}.jpg")[f"{fresh}.jpg"]
    failed = next(iter(photo.missing.values()), None) or photo.error
    assert failed
    assert (photo.status, failed.step) == ended
    assert "not authorized" in failed.cause


def test_what_only_express_workflows_are_granted_they_use_and_nothing_is_denied(recorded: Recorded) -> None:
    target = recorded.backend.stack.target
    deploy(target, "express", Tracing="Active", WorkflowType="EXPRESS")
    backend = Backend(Workbench(target, "express"))
    for photo_id, data in (("photo.jpg", pictures.jpeg()), ("thin.jpg", pictures.jpeg((60, 400)))):
        backend.put(photo_id, data)
    process_in_bulk(backend, len(backend.ended("photo.jpg", "thin.jpg")))
    arn = backend.photos.get("thin.jpg").execution_arn
    assert invoke(backend, "DescribeExecution", {"executionArn": arn})["status"] == "SUCCEEDED"
    roles = roles_of(backend.stack)
    assert target.state_dir is not None
    recorded_since = map(use_of, read_entries(target.state_dir / "access.jsonl"))
    uses = [use for use in recorded_since if use.role in roles]
    assert [use for use in uses if not use.allowed] == []
    mine = [one for one in grants_of(backend.stack, roles) if (one.policy, one.sid) in OF_WORKFLOW_TYPES]
    assert {one.sid for one in mine} == {"CountFailures", "FindRecords", "ReadRecords", "ProcessPhotos"}
    unused = [grant for grant in mine if not any(map(grant.covers, uses))]
    assert {grant.sid for grant in unused} == {"CountFailures"}, "no photo failed: test_express.py has one"
