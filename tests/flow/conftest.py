"""The deployed stack on the local AWS, one for each worker of the test run."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from imageproc.client.photos import Photos
from imageproc.client.photos.photo import Photo
from imageproc.client.stack import Stack
from imageproc.client.target import LOCAL, Target
from imageproc.client.workbench import Workbench
from imageproc.core.record import Status
from imageproc.deployment import Deployed, Request, apply, local_target, plan
from imageproc.local import LocalStatus, runtime_bootstrap
from imageproc.local.recognition.models import missing_packages

_SECONDS = 60.0

DONE = Status.INCOMPLETE if missing_packages() else Status.SUCCEEDED
"""How a good photo ends: without tags where the models are not installed."""


def target_of(status: LocalStatus) -> Target:
    """Return the target for a local AWS that runs."""
    return Target(LOCAL, status.session(), status.endpoint, state_dir=status.state_dir)


def deploy(target: Target, name: str, **parameters: str) -> Deployed:
    """Deploy the stack, and return the last event."""
    request = Request(name, local_target(runtime_bootstrap()), {"TestClientAccess": "Enabled", **parameters})
    *_, last = apply(target, plan(target, request))
    assert isinstance(last, Deployed)
    return last


@dataclass(frozen=True)
class Backend:
    """A deployed stack, and how a test uses it."""

    workbench: Workbench

    @property
    def stack(self) -> Stack:
        return self.workbench.stack

    @property
    def photos(self) -> Photos:
        return self.workbench.photos

    def put(self, object_id: str, data: bytes, user: str = "ann", album: str = "a1") -> str:
        """Upload an original as any S3 client would; return its version ID."""
        answer = self.stack.client("s3").put_object(
            Bucket=self.stack.bucket,
            Key=f"Incoming/{object_id}",
            Body=data,
            ContentType="image/jpeg",
            Metadata={"userid": user, "albumid": album},
        )
        return str(answer["VersionId"])

    def ended(self, *object_ids: str) -> dict[str, Photo]:
        """Wait until these photos are finished, and return them by ID."""
        return self.followed(object_ids)

    def until_version(self, object_id: str, version: str) -> Photo:
        """Wait until this version of a photo is finished."""
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            photo = self.ended(object_id)[object_id]
            if photo.version_id == version:
                return photo
            time.sleep(0.1)
        raise AssertionError(f"{object_id} is never about {version}")

    def executed(self, object_id: str, arn: str) -> Photo:
        """Wait until a photo is finished by this execution."""
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            photo = self.photos.get(object_id)
            if photo.status.finished and photo.execution_arn == arn:
                return photo
            time.sleep(0.1)
        raise AssertionError(f"{object_id} is never finished by {arn}")

    def run(self, state: dict[str, Any]) -> Any:
        """Run an execution with this input to its end."""
        stepfunctions = self.stack.client("stepfunctions")
        machine = self.stack.state_machine_arn
        arn = stepfunctions.start_execution(stateMachineArn=machine, input=json.dumps(state))["executionArn"]
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            answer = stepfunctions.describe_execution(executionArn=arn)
            if answer["status"] != "RUNNING":
                return answer
            time.sleep(0.05)
        raise AssertionError("the execution does not end")

    def followed(self, object_ids: Iterable[str]) -> dict[str, Photo]:
        photos = self.photos.follow(object_ids, timeout_s=_SECONDS, interval_s=0.1)
        return {photo.id: photo for photo in photos if photo.status.finished}

    def thumbnail(self, object_id: str) -> Any:
        """Return S3's answer for a thumbnail."""
        return self.stack.client("s3").get_object(Bucket=self.stack.bucket, Key=f"Thumbnails/{object_id}")

    def execution(self, photo: Photo) -> Any:
        """Return what Step Functions says of a photo's execution, once it has ended: after the record has."""
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            arn = photo.execution_arn or self.photos.get(photo.id).execution_arn
            answer = self.stack.client("stepfunctions").describe_execution(executionArn=arn)
            if answer["status"] != "RUNNING":
                return answer
            time.sleep(0.05)
        raise AssertionError(f"the execution of {photo.id} does not end")

    def executions_of(self, object_id: str) -> list[Any]:
        """Return all executions that were started for a photo."""
        stepfunctions = self.stack.client("stepfunctions")
        listed = stepfunctions.list_executions(stateMachineArn=self.stack.state_machine_arn)["executions"]
        described = [stepfunctions.describe_execution(executionArn=one["executionArn"]) for one in listed]
        return [one for one in described if f'"{object_id}"' in one["input"]]


@pytest.fixture(scope="session")
def backend(local_aws: LocalStatus) -> Backend:
    name = f"flow-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    target = target_of(local_aws)
    deploy(target, name)
    return Backend(Workbench(target, name))


@pytest.fixture
def fresh() -> str:
    """A prefix that no other test's photos have."""
    return uuid.uuid4().hex[:8]
