"""What a recording of AWS's answers holds, and that every recording that there is fits botocore's models."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests import models
from tests.recording import ACCOUNT, RECORDED, Recorder
from tests.test_requests import known_codes

RECORDINGS = sorted(RECORDED.glob("*.jsonl"))


def misfits(line: dict[str, Any]) -> list[str]:
    """Return what of a recorded call does not fit the models, or an error code that nobody knows."""
    error = line["answer"].pop("Error", None)
    found = list(models.unknown_members(line["service"], line["operation"], line["answer"]))
    if error and error["Code"] not in known_codes():
        found.append(f"{line['service']} {line['operation']}: {error['Code']}")
    return found


@pytest.mark.skipif(not RECORDINGS, reason="nothing is recorded of AWS yet: docs/explanation/aws-check.md")
@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name)
def test_what_aws_answered_is_what_the_models_say(path: Path) -> None:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [each for line in lines for each in misfits(line)] == []


def test_calls_are_recorded_without_account_credentials_and_bodies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    path = tmp_path / "recorded" / "one.jsonl"
    recorder = Recorder(path)
    recorder.start()
    try:
        with mock_aws():
            session = boto3.Session("AKIATEST", "secret", region_name="us-east-1")
            s3, sts = session.client("s3"), session.client("sts")
            s3.create_bucket(Bucket="photos")
            s3.put_object(Bucket="photos", Key="cat.jpg", Body=io.BytesIO(b"the photo itself"))
            with pytest.raises(s3.exceptions.NoSuchKey):
                s3.get_object(Bucket="photos", Key="dog.jpg")
            sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/any", RoleSessionName="one")
    finally:
        recorder.stop()
    text = path.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    operations = ["CreateBucket", "PutObject", "GetObject", "AssumeRole"]
    assert [line["operation"] for line in lines] == operations
    assert lines[2]["status"] == 404
    assert lines[2]["answer"]["Error"]["Code"] == "NoSuchKey"
    assert lines[3]["asked"]["RoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/any"
    assert lines[3]["answer"]["Credentials"]["SecretAccessKey"] == "left out"
    assert "the photo itself" not in text
    assert "123456789012" not in text
    assert [each for line in lines for each in misfits(line)] == []


def test_answers_that_do_not_fit_are_noticed() -> None:
    line = {"service": "s3", "operation": "GetObject", "answer": {"Colour": "red"}}
    assert misfits(line) == ["GetObject.Colour"]
    line["answer"] = {"Error": {"Code": "NoSuchThing", "Message": "no"}}
    assert misfits(line) == ["s3 GetObject: NoSuchThing"]


def test_a_recording_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text("{}\n")
    with pytest.raises(FileExistsError):
        Recorder(tmp_path / "one.jsonl")
