"""DetectLabels of a running local AWS: who may ask, what may be read, and what comes back."""

from __future__ import annotations

import http.client
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import botocore.session
import pytest
from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError

from imageproc.local import LocalStatus
from imageproc.local.recognition.models import MODEL_VERSION, missing_packages
from imageproc.local.recognition.request import MAX_OBJECT_BYTES
from tests import pictures
from tests.local.functions import Functions

if missing_packages():
    pytest.skip(f"{missing_packages()} not installed", allow_module_level=True)

from benchmarks.labelled_photos import PHOTOS

NAME = "../a b+c%20ü.png"
ASK = """
import boto3
def handler(event, context):
    answer = boto3.client("rekognition").detect_labels(Image={"S3Object": event})
    return [label["Name"] for label in answer["Labels"]]
"""


def photo(name: str) -> bytes:
    path = next(one.path() for one in PHOTOS if one.name == name)
    assert path is not None
    return path.read_bytes()


@pytest.fixture(scope="module")
def bucket(local_aws: LocalStatus) -> str:
    """A bucket with two versions of a photo: first a cat, then a cup of coffee."""
    name = f"photos-{uuid.uuid4().hex[:8]}"
    s3 = local_aws.session().client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for data in (photo("chelsea.png"), photo("coffee.png")):
        s3.put_object(Bucket=name, Key=NAME, Body=data)
    s3.put_object(Bucket=name, Key="text.jpg", Body=b"no photo")
    return name


@pytest.fixture
def rekognition(local_aws: LocalStatus) -> Any:
    return local_aws.session().client("rekognition")


def versions(local_aws: LocalStatus, bucket: str) -> list[str]:
    """Return the photo's version IDs, the oldest first."""
    found = local_aws.session().client("s3").list_object_versions(Bucket=bucket, Prefix=NAME)["Versions"]
    return [one["VersionId"] for one in reversed(found)]


def names(answer: Any) -> set[str]:
    return {label["Name"] for label in answer["Labels"]}


def refused(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


def test_it_answers_for_bytes_objects_and_versions(
    rekognition: Any, local_aws: LocalStatus, bucket: str
) -> None:
    answer = rekognition.detect_labels(Image={"Bytes": photo("chelsea.png")})
    assert "Cat" in names(answer)
    assert answer["LabelModelVersion"] == MODEL_VERSION
    where = {"Bucket": bucket, "Name": NAME}
    assert "Coffee" in names(rekognition.detect_labels(Image={"S3Object": where}))
    first = {**where, "Version": versions(local_aws, bucket)[0]}
    assert "Cat" in names(rekognition.detect_labels(Image={"S3Object": first}))


@pytest.mark.parametrize(
    "where",
    [
        {"Name": "not-there.jpg"},
        {"Name": NAME, "Version": "not-there"},
        {"Name": NAME, "Bucket": "no-such-bucket"},
        {"Name": NAME, "Bucket": "other/../.."},
    ],
)
def test_a_missing_object_has_its_error(rekognition: Any, bucket: str, where: dict[str, str]) -> None:
    asked = {"Image": {"S3Object": {"Bucket": bucket, **where}}}
    assert refused(rekognition.detect_labels, **asked) == "InvalidS3ObjectException"


def test_what_is_no_photo_or_too_large_has_its_error(
    rekognition: Any, local_aws: LocalStatus, bucket: str
) -> None:
    text = {"S3Object": {"Bucket": bucket, "Name": "text.jpg"}}
    assert refused(rekognition.detect_labels, Image=text) == "InvalidImageFormatException"
    gif = {"Bytes": pictures.gif()}
    assert refused(rekognition.detect_labels, Image=gif) == "InvalidImageFormatException"
    s3 = local_aws.session().client("s3")
    s3.put_object(Bucket=bucket, Key="large.jpg", Body=pictures.jpeg() + bytes(MAX_OBJECT_BYTES))
    large = {"S3Object": {"Bucket": bucket, "Name": "large.jpg"}}
    assert refused(rekognition.detect_labels, Image=large) == "ImageTooLargeException"
    s3.delete_object(Bucket=bucket, Key="large.jpg")


def test_several_may_ask_at_once(rekognition: Any, bucket: str) -> None:
    asked = [{"Bytes": photo("chelsea.png")}, {"S3Object": {"Bucket": bucket, "Name": NAME}}] * 8
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda image: names(rekognition.detect_labels(Image=image)), asked))
    assert [("Cat" in one, "Coffee" in one) for one in found] == [(True, False), (False, True)] * 8


@pytest.mark.parametrize(
    ("actions", "version", "answered"),
    [
        (["rekognition:DetectLabels", "s3:GetObject"], False, "labels"),
        (["rekognition:DetectLabels", "s3:GetObjectVersion"], True, "labels"),
        (["rekognition:DetectLabels"], False, "InvalidS3ObjectException"),
        (["rekognition:DetectLabels", "s3:GetObject"], True, "InvalidS3ObjectException"),
        (["s3:GetObject"], False, "AccessDeniedException"),
        (["rekognition:DetectFaces", "s3:GetObject"], False, "AccessDeniedException"),
    ],
)
def test_the_callers_rights_decide(
    functions: Functions,
    local_aws: LocalStatus,
    bucket: str,
    actions: list[str],
    version: bool,
    answered: str,
) -> None:
    event = {"Bucket": bucket, "Name": NAME}
    if version:
        event["Version"] = versions(local_aws, bucket)[-1]
    found = functions.invoke(functions.make(ASK, actions=actions), event)
    assert ("Coffee" in found) if answered == "labels" else (found["errorType"] == answered)


def test_unsigned_and_wrongly_signed_calls_are_refused(local_aws: LocalStatus) -> None:
    assert local_aws.credentials is not None
    image = {"Image": {"Bytes": pictures.jpeg()}}
    place = {"endpoint_url": local_aws.endpoint, "region_name": local_aws.region}
    unsigned = boto3.client("rekognition", config=Config(signature_version=UNSIGNED), **place)  # type: ignore[call-overload]
    assert "Authentication" in refused(unsigned.detect_labels, **image)
    for key, secret in [(local_aws.credentials.access_key_id, "wrong"), ("test", "test")]:
        wrong = boto3.client(  # type: ignore[call-overload]
            "rekognition", aws_access_key_id=key, aws_secret_access_key=secret, **place
        )
        assert refused(wrong.detect_labels, **image) in (
            "InvalidSignatureException",
            "UnrecognizedClientException",
        )


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/?Action=DetectFaces", {}),
        ("/", {"X-Amz-Target": "RekognitionService.DetectFaces"}),
        ("/", {"Content-Type": "application/x-www-form-urlencoded"}),
    ],
)
def test_a_request_that_claims_another_action_is_no_detect_labels(
    local_aws: LocalStatus, path: str, headers: dict[str, str]
) -> None:
    assert local_aws.port is not None
    request = AWSRequest(
        "POST",
        f"{local_aws.endpoint}{path}",
        data=json.dumps({"Image": {"Bytes": "AAAA"}}),
        headers={
            "X-Amz-Target": "RekognitionService.DetectLabels",
            "Content-Type": "application/x-amz-json-1.1",
            **headers,
        },
    )
    credentials = local_aws.session().get_credentials()
    assert credentials is not None
    SigV4Auth(credentials, "rekognition", local_aws.region).add_auth(request)
    connection = http.client.HTTPConnection("127.0.0.1", local_aws.port, timeout=10)
    try:
        connection.request("POST", path, body=request.data, headers=dict(request.headers.items()))
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["__type"]) == (400, "UnknownOperationException")
    finally:
        connection.close()


def test_other_operations_are_said_to_be_unknown(rekognition: Any) -> None:
    assert refused(rekognition.list_collections) == "UnknownOperationException"


def test_the_answer_is_of_the_services_own_model(rekognition: Any) -> None:
    shape = botocore.session.Session().get_service_model("rekognition").operation_model("DetectLabels")
    answer = rekognition.detect_labels(Image={"Bytes": photo("astronaut.png")}, MaxLabels=1)
    assert shape.output_shape is not None
    assert set(answer) - {"ResponseMetadata"} <= set(shape.output_shape.members)
    assert [(one["Name"], len(one["Instances"])) for one in answer["Labels"]] == [("Person", 1)]
