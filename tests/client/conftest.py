"""The client on moto: a bucket, two tables, a state machine and a queue, in process."""

from __future__ import annotations

import contextlib
import functools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import boto3
import pytest
from botocore.hooks import EventAliaser
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.stepfunctions.models import stepfunctions_backends

from imageproc.aws.items import to_item
from imageproc.client.photos.photo import Photo
from imageproc.client.stack import Stack
from imageproc.client.target import AWS, Target
from imageproc.client.uploads.events import ObjectVersion, PreparedFile, Uploaded
from imageproc.client.uploads.files import prepare_file
from imageproc.client.workbench import Workbench
from imageproc.core.attributes import ALBUM_INDEX, CHANGE_INDEX, EXECUTION_INDEX, USER_INDEX
from imageproc.core.changes import stamp
from imageproc.core.record import Status
from tests import pictures

REGION: Literal["eu-west-1"] = "eu-west-1"
FUNCTION = f"arn:aws:lambda:{REGION}:{DEFAULT_ACCOUNT_ID}:function:imageproc-ExtractImageMetadata"
DEFINITION = {
    "StartAt": "ExtractImageMetadata",
    "States": {"ExtractImageMetadata": {"Type": "Task", "Resource": FUNCTION, "End": True}},
}
BULK_DEFINITION = {
    "StartAt": "Photos",
    "States": {"Photos": {"Type": "Pass", "Parameters": {"list.$": "$.list"}, "End": True}},
}
PHOTO = pictures.jpeg((64, 48))


@dataclass(frozen=True)
class Backend:
    """A workbench on a stack that moto plays, and how a test brings it into a state."""

    workbench: Workbench

    @property
    def stack(self) -> Stack:
        return self.workbench.stack

    def put(self, photo_id: str, data: bytes = PHOTO, user: str = "ann", album: str = "a1") -> str:
        """Upload an original as any S3 client would; return its version ID."""
        answer = self.stack.client("s3").put_object(
            Bucket=self.stack.bucket,
            Key=f"Incoming/{photo_id}",
            Body=data,
            Metadata={"userid": user, "albumid": album},
        )
        return str(answer["VersionId"])

    def put_thumbnail(self, photo_id: str, data: bytes = b"small") -> None:
        self.stack.client("s3").put_object(Bucket=self.stack.bucket, Key=f"Thumbnails/{photo_id}", Body=data)

    def write(self, photo_id: str, status: str = Status.SUCCEEDED, **stored: Any) -> None:
        """Write a record, whatever is there, and stamp it as changed."""
        item = {
            **stamp(photo_id, time.time()),
            "imageID": photo_id,
            "s3key": f"Incoming/{photo_id}",
            "status": status,
            "userID": "ann",
            "albumID": "a1",
            "uploadTime": 4_000_000_000,
            **stored,
        }
        item = {name: value for name, value in item.items() if value is not None}
        self.stack.client("dynamodb").put_item(TableName=self.stack.image_table, Item=to_item(item))

    def photo(self, photo_id: str, status: str = Status.SUCCEEDED, **stored: Any) -> Photo:
        """Upload a photo, write the record of just this version, and return it."""
        self.write(photo_id, status, **{"versionId": self.put(photo_id), **stored})
        return self.workbench.photos.get(photo_id)

    def start(self, name: str = "one") -> str:
        """Start an execution, which runs until it is ended; return its ARN."""
        answer = self.stack.client("stepfunctions").start_execution(
            stateMachineArn=self.stack.state_machine_arn, name=name, input="{}"
        )
        return str(answer["executionArn"])

    def end(self, arn: str) -> None:
        """End an execution."""
        self.stack.client("stepfunctions").stop_execution(executionArn=arn)

    def executions(self) -> dict[str, Any]:
        """Return the inputs of all executions of photos, by ARN."""
        made = stepfunctions_backends[DEFAULT_ACCOUNT_ID][REGION].state_machines
        return {
            one.execution_arn: json.loads(one.execution_input)
            for machine in made
            if machine.arn == self.stack.state_machine_arn
            for one in machine.executions
        }

    def bulk_runs(self) -> list[tuple[list[str], dict[str, Any]]]:
        """Return of each bulk run the photos on its list, and what else it was told; the oldest first."""
        found = []
        for machine in stepfunctions_backends[DEFAULT_ACCOUNT_ID][REGION].state_machines:
            for one in machine.executions if machine.name == "bulk" else ():
                told = json.loads(one.execution_input)
                answer = self.stack.client("s3").get_object(Bucket=self.stack.bucket, Key=told.pop("list"))
                lines = answer["Body"].read().decode().splitlines()
                found.append(([json.loads(line)["Key"].removeprefix("Incoming/") for line in lines], told))
        return found

    def make_older(self) -> None:
        """Let the stack be one of a version whose bulk state machine listed the bucket itself."""
        older = json.dumps(BULK_DEFINITION).replace("list", "prefix")
        self.stack.client("stepfunctions").update_state_machine(
            stateMachineArn=self.stack.bulk_state_machine_arn, definition=older
        )

    def refuse(self, service: str, operation: str, times: int = 1) -> None:
        """Let the next requests of an operation be refused."""
        refusals = iter(range(times))

        def refused(**_: Any) -> Any:
            if next(refusals, None) is None:
                return None
            return _Refusal(), {"Error": {"Code": "AccessDenied", "Message": "the test says so"}}

        name = {"stepfunctions": "sfn", "logs": "cloudwatch-logs"}.get(service, service)
        self.stack.client(service).meta.events.register(f"before-call.{name}.{operation}", refused)


class _Refusal:
    status_code = 403


class Clock:
    """Time that passes only by sleeping, and what happens at its moments."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, Callable[[], object]]] = []

    def __call__(self) -> float:
        return self.now

    def at(self, moment: float, happens: Callable[[], object]) -> None:
        """Let something happen as soon as it is this late."""
        self._due.append((moment, happens))

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        assert self.now < 10_000, "it waits for ever"
        for one in [one for one in self._due if one[0] <= self.now]:
            self._due.remove(one)
            one[1]()


def uploaded(photo_id: str, version: str | None, time: int = 100) -> Uploaded:
    """Return the event of an upload."""
    file = PreparedFile(Path(photo_id), photo_id, 1, "image/jpeg")
    return Uploaded(file, ObjectVersion(version, time))


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """One for all tests: it reads AWS's service descriptions, which takes longer than the tests do."""
    return boto3.Session("testing", "testing", region_name=REGION)


@functools.cache
def _clients(session: boto3.Session) -> dict[str, Any]:
    """The clients that most tests use: making them takes longer than most tests do."""
    with mock_aws():
        made = Target(AWS, session)
        return {name: made.client(name) for name in ("s3", "dynamodb", "stepfunctions", "sqs")}


@pytest.fixture
def target(
    session: boto3.Session, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Target]:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "IMAGEPROC_TARGET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("IMAGEPROC_USER", "ann")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    clients = _clients(session)
    with _no_handler_stays({id(one.meta.events) for one in clients.values()}):
        yield Target(AWS, session, _clients=dict(clients))


@contextlib.contextmanager
def _no_handler_stays(shared: set[int]) -> Iterator[None]:
    """Unregister at the end what is registered with the events of shared clients."""
    registered: list[tuple[EventAliaser, Any, Any]] = []

    def noting(register: Callable[..., None]) -> Callable[..., None]:
        def noted(self: EventAliaser, *given: Any, **options: Any) -> None:
            if id(self) in shared:
                registered.append((self, given, options))
            register(self, *given, **options)

        return noted

    with pytest.MonkeyPatch.context() as patch:
        for name in ("register", "register_first", "register_last"):
            patch.setattr(EventAliaser, name, noting(getattr(EventAliaser, name)))
        yield
    for events, given, options in registered:
        events.unregister(*given, **options)


@pytest.fixture
def backend(target: Target) -> Iterator[Backend]:
    with mock_aws():
        workbench = Workbench(target)
        workbench.stack.outputs = _made(target)
        yield Backend(workbench)


def without_aws(target: Target) -> Workbench:
    """Return a workbench on a stack that nobody can be asked about."""
    names = ("S3PhotoRepoBucket", "DDBImageMetadataTable", "DDBAlbumMetadataTable")
    workbench = Workbench(target)
    workbench.stack.outputs = {**dict.fromkeys(names, "none"), "StateMachineArn": "arn"}
    return workbench


@pytest.fixture
def workbench(backend: Backend) -> Workbench:
    return backend.workbench


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _made(target: Target) -> dict[str, str]:
    """Make what the template makes, and return the outputs."""
    s3: Any = target.client("s3")
    s3.create_bucket(Bucket="photos", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
    indexes = {ALBUM_INDEX: ("albumID", "uploadTime"), CHANGE_INDEX: ("changeShard", "changeTime")}
    _make_table(target, "images", "imageID", {**indexes, EXECUTION_INDEX: ("executionArn",)})
    _make_table(target, "albums", "albumID", {USER_INDEX: ("userID", "creationTime")})
    machines = {
        output: target.client("stepfunctions").create_state_machine(
            name=name, definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/any"
        )["stateMachineArn"]
        for output, name, definition in (
            ("StateMachineArn", "photos", DEFINITION),
            ("BulkStateMachineArn", "bulk", BULK_DEFINITION),
        )
    }
    return {
        "S3PhotoRepoBucket": "photos",
        "DDBImageMetadataTable": "images",
        "DDBAlbumMetadataTable": "albums",
        "DeadLetterQueueUrl": target.client("sqs").create_queue(QueueName="dead-letters")["QueueUrl"],
        **machines,
    }


KEYS_ONLY = (CHANGE_INDEX, EXECUTION_INDEX)


def _make_table(target: Target, name: str, key: str, indexes: dict[str, tuple[str, ...]]) -> None:
    types = {key: "S"} | {
        one: kind for keys in indexes.values() for one, kind in zip(keys, "SN", strict=False)
    }
    target.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": type_} for attribute, type_ in types.items()
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": name, "KeyType": kind}
                    for name, kind in zip(keys, ("HASH", "RANGE"), strict=False)
                ],
                "Projection": {
                    "ProjectionType": "ALL" if index in (ALBUM_INDEX, USER_INDEX) else "KEYS_ONLY"
                },
            }
            for index, keys in indexes.items()
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def written(path: Path, size: tuple[int, int] = (50, 40), album: str = "a1") -> PreparedFile:
    """Write a photo's file, and return it prepared."""
    path.write_bytes(pictures.jpeg(size))
    file = prepare_file(path, album)
    assert isinstance(file, PreparedFile)
    return file
