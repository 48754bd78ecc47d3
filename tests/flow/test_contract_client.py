"""A client that only knows the data contract: guest credentials, S3, DynamoDB, Lambda."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from imageproc.local.state import ACCOUNT_ID
from tests import pictures
from tests.flow.access import roles_of
from tests.flow.conftest import Backend
from tests.flow.guests import Guest

DENIED = ("AccessDenied", "AccessDeniedException")

Call = Callable[[], Any]


@pytest.fixture
def guest(backend: Backend) -> Guest:
    return Guest.of(backend.stack)


def test_it_follows_a_photo_to_its_end(guest: Guest, backend: Backend, fresh: str) -> None:
    album = f"album-{fresh}"
    guest.make_album(album, user=fresh)
    guest.upload(f"{fresh}.jpg", pictures.jpeg(make="Nikon"), album=album, user=fresh)

    arn = _until(lambda: _image(guest, f"{fresh}.jpg").get("executionArn", {}).get("S"))
    _until(lambda: guest.describe(arn)["status"] == "SUCCEEDED")

    found = guest.query(backend.stack.image_table, "albumID", album, "albumID-uploadTime-index")
    assert [item["exifMake"]["S"] for item in found] == ["Nikon"]
    thumbnail = found[0]["thumbnail"]["M"]
    answer = guest.client("s3").get_object(Bucket=thumbnail["s3Bucket"]["S"], Key=thumbnail["s3Key"]["S"])
    assert pictures.opened(answer["Body"].read()).format == "JPEG"


def refused_s3(guest: Guest, backend: Backend, there: str) -> Iterator[Call]:
    """Yield what no guest may do in S3; `there` is a photo that exists: only the rights can refuse."""
    s3, bucket = guest.client("s3"), backend.stack.bucket
    version = s3.get_object(Bucket=bucket, Key=f"Incoming/{there}")["VersionId"]
    for key in (f"Thumbnails/{there}", there, f"incoming/{there}", "Other/x", "Incoming"):
        yield partial(s3.put_object, Bucket=bucket, Key=key, Body=b"x")
    for key in (f"Incoming/{there}", f"Thumbnails/{there}"):
        yield partial(s3.delete_object, Bucket=bucket, Key=key)
        yield partial(s3.delete_object, Bucket=bucket, Key=key, VersionId=version)
        yield partial(s3.put_object_tagging, Bucket=bucket, Key=key, Tagging={"TagSet": []})
    original = f"Incoming/{there}"
    yield partial(s3.copy_object, Bucket=bucket, Key="Other/x", CopySource=f"{bucket}/{original}")
    yield partial(delete_many, s3, bucket, original)
    yield partial(s3.get_object, Bucket=bucket, Key=original, VersionId=version)
    yield partial(s3.list_objects_v2, Bucket=bucket)
    yield partial(s3.list_objects_v2, Bucket=bucket, Prefix="Incoming/")
    yield partial(s3.list_object_versions, Bucket=bucket)
    yield s3.list_buckets
    yield partial(s3.create_bucket, Bucket=f"{there[:8]}-guest")
    yield partial(s3.get_bucket_policy, Bucket=bucket)
    yield partial(s3.delete_bucket_policy, Bucket=bucket)
    yield partial(s3.put_bucket_notification_configuration, Bucket=bucket, NotificationConfiguration={})


def refused_tables(guest: Guest, backend: Backend, there: str) -> Iterator[Call]:
    """Yield what no guest may do with the tables."""
    dynamodb, images, albums = guest.client("dynamodb"), backend.stack.image_table, backend.stack.album_table
    image: Any = {"imageID": {"S": there}}
    change: Any = {"UpdateExpression": "REMOVE thumbnail", "TableName": images, "Key": image}
    said: Any = {
        "ExpressionAttributeNames": {"#label": "Dog"},
        "ExpressionAttributeValues": {":said": {"M": {}}},
    }
    said |= {"UpdateExpression": "SET labelCorrections.#label = :said", "TableName": images, "Key": image}
    yield partial(dynamodb.put_item, TableName=images, Item=image)
    yield partial(dynamodb.update_item, **said)
    yield partial(dynamodb.update_item, **change)
    yield partial(dynamodb.delete_item, TableName=images, Key=image)
    yield partial(dynamodb.batch_write_item, RequestItems={images: [{"PutRequest": {"Item": image}}]})
    yield partial(dynamodb.transact_write_items, TransactItems=[{"Update": change}])
    yield partial(dynamodb.execute_statement, Statement=f"DELETE FROM \"{images}\" WHERE imageID='{there}'")
    yield partial(dynamodb.delete_item, TableName=albums, Key={"albumID": {"S": "x"}})
    for table in (images, albums):
        yield partial(dynamodb.scan, TableName=table)
        yield partial(dynamodb.delete_table, TableName=table)


def refused_elsewhere(guest: Guest, backend: Backend, _there: str) -> Iterator[Call]:
    """Yield what no guest may do with the state machine, the functions and the account."""
    machine, name = backend.stack.state_machine_arn, backend.stack.name
    execution = f"{machine.replace(':stateMachine:', ':execution:')}:x"
    stepfunctions, functions = guest.client("stepfunctions"), guest.client("lambda")
    yield partial(stepfunctions.list_executions, stateMachineArn=machine)
    yield partial(stepfunctions.start_execution, stateMachineArn=machine)
    yield partial(stepfunctions.describe_execution, executionArn=execution)
    yield partial(stepfunctions.stop_execution, executionArn=execution)
    for function in ("GenerateThumbnail", "ImageProcStartExecution", "CreateS3EventTrigger"):
        yield partial(functions.invoke, FunctionName=f"{name}-{function}")
    yield partial(
        functions.update_function_configuration, FunctionName=f"{name}-DescribeExecution", Timeout=9
    )
    yield guest.client("iam").list_roles
    role = next(iter(roles_of(backend.stack)))
    yield partial(
        guest.client("sts").assume_role,
        RoleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/{role}",
        RoleSessionName="guest",
    )
    yield guest.client("cloudformation").describe_stacks
    yield partial(guest.client("cloudformation").delete_stack, StackName=name)


@pytest.mark.parametrize("refused", [refused_s3, refused_tables, refused_elsewhere])
def test_guests_are_refused_everything_else(
    guest: Guest, backend: Backend, fresh: str, refused: Callable[[Guest, Backend, str], Iterator[Call]]
) -> None:
    there = f"{fresh}.jpg"
    guest.upload(there, pictures.jpeg(), album=fresh)
    before = backend.ended(there)[there].attributes
    assert [call for call in refused(guest, backend, there) if _code(call) not in DENIED] == []
    assert backend.ended(there)[there].attributes == before
    assert backend.thumbnail(there)["Body"].read()


def test_guests_may_not_ask_about_other_state_machines(guest: Guest, backend: Backend) -> None:
    """By the function's own check, and by its role, should the function be wrong."""
    executions = backend.stack.state_machine_arn.replace(":stateMachine:", ":execution:")
    for other in (f"{executions}-other:x", f"{executions[:-1]}:x", f"x{executions}:x", "", "*"):
        assert guest.describe(other)["errorType"] == "ServiceRefusedError", other


def test_guests_may_not_sign_what_they_may_not_do(guest: Guest, backend: Backend, fresh: str) -> None:
    url = guest.client("s3").generate_presigned_url(
        "put_object", Params={"Bucket": backend.stack.bucket, "Key": f"Thumbnails/{fresh}"}
    )
    request = urllib.request.Request(url, data=b"x", method="PUT")
    with pytest.raises(urllib.error.HTTPError, match="403") as caught:
        urllib.request.urlopen(request)
    caught.value.close()


def _image(guest: Guest, object_id: str) -> Any:
    key = {"imageID": {"S": object_id}}
    return guest.client("dynamodb").get_item(TableName=guest.stack.image_table, Key=key).get("Item", {})


def _code(call: Call) -> str:
    """Return the code with which a call is refused; "allowed" if it is not."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "allowed"


def delete_many(s3: Any, bucket: str, key: str) -> None:
    """Delete objects; S3 answers 200 and lists what it refused."""
    for error in s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}]}).get("Errors", ()):
        raise ClientError({"Error": error}, "DeleteObjects")


def _until(condition: Any, seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s")
