from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from imageproc.functions import create_s3_event_trigger
from tests.functions.conftest import Backend

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:start"
OTHER = {
    "Id": "somebody-elses",
    "LambdaFunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:other",
    "Events": ["s3:ObjectRemoved:*"],
}


class CloudFormation:
    """Takes custom resources' answers."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []
        cloudformation = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                length = int(self.headers["Content-Length"])
                cloudformation.answers.append(json.loads(self.rfile.read(length)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/answer"


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    listening = CloudFormation()
    thread = threading.Thread(target=listening.server.serve_forever, args=(0.01,))
    thread.start()
    yield listening
    listening.server.shutdown()
    thread.join()
    listening.server.server_close()


def request(cloudformation: CloudFormation, kind: str, bucket: str = "photos", **more: Any) -> dict[str, Any]:
    return {
        "RequestType": kind,
        "ResponseURL": cloudformation.url,
        "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/imageproc/1234",
        "RequestId": "r1",
        "LogicalResourceId": "S3EventTrigger",
        "ResourceProperties": {"Bucket": bucket, "FunctionArn": FUNCTION},
        **more,
    }


def triggers(backend: Backend, bucket: str = "photos") -> list[dict[str, Any]]:
    answer = backend.s3.get_bucket_notification_configuration(Bucket=bucket)
    return list(answer.get("LambdaFunctionConfigurations", []))


@pytest.fixture
def occupied(backend: Backend) -> Backend:
    """A bucket that notifies somebody else already."""
    backend.s3.put_bucket_notification_configuration(
        Bucket="photos", NotificationConfiguration={"LambdaFunctionConfigurations": [OTHER]}
    )
    return backend


def test_create_adds_the_trigger_and_keeps_others(occupied: Backend, cloudformation: CloudFormation) -> None:
    create_s3_event_trigger.handler(request(cloudformation, "Create"), None)

    ours = [one for one in triggers(occupied) if one["Id"] != OTHER["Id"]]
    assert len(triggers(occupied)) == 2
    assert ours[0]["LambdaFunctionArn"] == FUNCTION
    assert ours[0]["Events"] == ["s3:ObjectCreated:*"]
    rule = ours[0]["Filter"]["Key"]["FilterRules"][0]
    assert (rule["Name"].lower(), rule["Value"]) == ("prefix", "Incoming/")
    answer = cloudformation.answers[0]
    assert answer["Status"] == "SUCCESS"
    assert (answer["RequestId"], answer["LogicalResourceId"]) == ("r1", "S3EventTrigger")


def test_create_twice_adds_one_trigger(occupied: Backend, cloudformation: CloudFormation) -> None:
    for _ in range(2):
        create_s3_event_trigger.handler(request(cloudformation, "Create"), None)
    assert len(triggers(occupied)) == 2
    assert cloudformation.answers[0]["PhysicalResourceId"] == cloudformation.answers[1]["PhysicalResourceId"]


def test_update_to_another_bucket_moves_the_trigger(
    occupied: Backend, cloudformation: CloudFormation
) -> None:
    occupied.s3.create_bucket(Bucket="second", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    create_s3_event_trigger.handler(request(cloudformation, "Create"), None)
    update = request(cloudformation, "Update", "second", OldResourceProperties={"Bucket": "photos"})

    create_s3_event_trigger.handler(update, None)

    assert [one["Id"] for one in triggers(occupied)] == [OTHER["Id"]]
    assert len(triggers(occupied, "second")) == 1


def test_delete_removes_the_trigger_and_keeps_others(
    occupied: Backend, cloudformation: CloudFormation
) -> None:
    create_s3_event_trigger.handler(request(cloudformation, "Create"), None)
    create_s3_event_trigger.handler(request(cloudformation, "Delete"), None)
    assert [one["Id"] for one in triggers(occupied)] == [OTHER["Id"]]


def test_delete_tolerates_a_bucket_that_is_gone(backend: Backend, cloudformation: CloudFormation) -> None:
    create_s3_event_trigger.handler(request(cloudformation, "Delete", "gone"), None)
    assert cloudformation.answers[0]["Status"] == "SUCCESS"


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_failure_is_answered_with_its_reason(
    backend: Backend, cloudformation: CloudFormation, kind: str
) -> None:
    create_s3_event_trigger.handler(request(cloudformation, kind, "gone"), None)
    answer = cloudformation.answers[0]
    assert answer["Status"] == "FAILED"
    assert "gone" in answer["Reason"]


def test_a_request_without_properties_is_answered_too(cloudformation: CloudFormation) -> None:
    broken = request(cloudformation, "Create")
    del broken["ResourceProperties"]
    create_s3_event_trigger.handler(broken, None)
    assert cloudformation.answers[0]["Status"] == "FAILED"
