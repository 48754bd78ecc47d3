"""What the classroom's notebooks share, without AWS."""

from __future__ import annotations

import asyncio
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import boto3
import pytest
from boto3.dynamodb.types import Binary
from botocore.exceptions import ClientError

from imageproc import Photo, classroom
from imageproc.client.target import LOCAL, Target
from imageproc.client.workbench import Workbench
from imageproc.core.metadata import read_metadata
from imageproc.core.record_codec import decode
from imageproc.errors import ImageTooLargeError, InvalidArgumentError, TargetError
from imageproc.local.state import ServerRecord, StateDir
from tests.reliability.failing import Failing


def test_an_exercise_names_the_first_thing_that_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    answers: dict[str, str] = {}
    conditions = (
        (lambda: answers["name"], "Write a name."),
        (lambda: answers["name"] == "Rekognition", "It is another one."),
    )
    assert not classroom.check(1, *conditions), "a condition that raises does not hold"
    answers["name"] = "RecordOutcome"
    assert not classroom.check(1, *conditions)
    answers["name"] = "Rekognition"
    assert classroom.check(1, *conditions)
    assert capsys.readouterr().out.splitlines() == [
        "Exercise 1: not yet. Write a name.",
        "Exercise 1: not yet. It is another one.",
        "Exercise 1: done.",
    ]


def test_a_record_is_text_without_its_bytes() -> None:
    attributes = {"imageID": "a/1.jpg", "embedding": Binary(b"\0" * 1280), "fileSize": Decimal(31)}
    found = json.loads(classroom.record_text(decode(attributes, Photo)))
    assert found == {"imageID": "a/1.jpg", "embedding": "1,280 bytes", "fileSize": 31}


def test_requests_are_shown_without_their_signature_and_without_the_photo() -> None:
    session = boto3.Session("key", "secret", region_name="us-east-1")
    log = classroom.RequestLog(Workbench(Target(LOCAL, session, "http://127.0.0.1:9")))
    client = session.client("s3", endpoint_url="http://127.0.0.1:9")
    failing: Any = Failing()
    client.meta.events.register("before-send", failing)
    failing.fail("s3.PutObject", "denied", "ever")
    with pytest.raises(ClientError):
        client.put_object(Bucket="b", Key="Incoming/x.jpg", Body=b"\xff\xd8\xff")
    failing.fail("s3.HeadObject", "denied", "ever")
    with pytest.raises(ClientError):
        client.head_object(Bucket="b", Key="Incoming/x.jpg", VersionId="1")
    table = session.client("dynamodb", endpoint_url="http://127.0.0.1:9")
    table.meta.events.register("before-send", failing)
    failing.fail("dynamodb.GetItem", "denied", "ever")
    with pytest.raises(ClientError):
        table.get_item(TableName="t", Key={"imageID": {"S": "x"}})
    (put, head, get) = log.requests
    assert get[3] == '{"TableName": "t", "Key": {"imageID": {"S": "x"}}}'
    assert put[:2] == ("s3.PutObject", "PUT /b/Incoming/x.jpg")
    assert head[:2] == ("s3.HeadObject", "HEAD /b/Incoming/x.jpg?versionId=1")
    assert "Content-Length: 3" in put[2]
    assert "Signature" not in repr(log.requests)
    assert "\\xff" not in repr(put)


def test_the_poisoned_photo_is_a_jpeg_that_is_too_large() -> None:
    data = classroom.poisoned_photo().read_bytes()
    assert len(data) == 200
    with pytest.raises(ImageTooLargeError, match="60,000"):
        read_metadata(io.BytesIO(data), len(data))


def test_a_lab_that_needs_faults_deploys_nothing_without_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    state = StateDir(tmp_path)
    state.create()
    state.write_record(ServerRecord(1, 1, 0.0, recognition=False))
    workbench = Workbench(Target(LOCAL, MagicMock(), state_dir=state.path))
    monkeypatch.setattr(
        classroom, "TargetPanel", lambda **_: MagicMock(opened=AsyncMock(return_value=workbench))
    )
    monkeypatch.setattr(classroom, "show", MagicMock())
    deployment = MagicMock()
    monkeypatch.setattr(classroom, "DeployPanel", deployment)
    with pytest.raises(TargetError, match="without faults"):
        asyncio.run(classroom.open_stack("lab", faults=True))
    assert not deployment.called


def test_a_statement_that_is_not_there_is_named_with_those_that_are() -> None:
    workbench = MagicMock()
    statements = [{"Sid": "WriteThumbnails"}, {"Sid": "ReadUploads"}]
    iam = workbench.target.client.return_value
    iam.get_role_policy.return_value = {"PolicyDocument": {"Statement": statements}}
    policy = classroom.RolePolicy(workbench, "GenerateThumbnail")
    with pytest.raises(InvalidArgumentError, match=r"no statement 'WriteThumbnail'\. Did you mean 'W"):
        policy.remove("WriteThumbnail")
    assert not iam.put_role_policy.called
