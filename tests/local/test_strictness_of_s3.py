"""Buckets and tables refuse here what they refuse on AWS."""

from __future__ import annotations

import http.client
import json
import time
import uuid
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from urllib3 import encode_multipart_formdata

from .functions import Functions

if TYPE_CHECKING:
    from collections.abc import Callable

    from imageproc.local import LocalStatus

LOOK = """
import boto3
from botocore.exceptions import ClientError
s3 = boto3.client("s3")
def handler(event, context):
    try:
        getattr(s3, event.pop("call"))(**event)
    except ClientError as error:
        return [error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]]
"""
READ = ["s3:GetObject", "s3:GetObjectVersion"]


@pytest.fixture
def bucket(functions: Functions) -> str:
    """A versioned bucket that holds nothing but what was deleted again."""
    s3, name = functions.session.client("s3"), f"bucket-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=name, Key="deleted", Body=b"")
    s3.delete_object(Bucket=name, Key="deleted")
    return name


MISSING: list[tuple[dict[str, str], list[Any]]] = [
    ({"call": "head_object", "Key": "missing"}, [404, "404"]),
    ({"call": "get_object", "Key": "missing"}, [404, "NoSuchKey"]),
    ({"call": "get_object", "Key": "deleted"}, [404, "NoSuchKey"]),
    ({"call": "get_object", "Key": "deleted", "VersionId": "missing"}, [404, "NoSuchVersion"]),
    ({"call": "head_object", "Key": "deleted", "VersionId": "missing"}, [404, "404"]),
]


def test_what_is_missing_is_forbidden_to_those_who_may_not_list(functions: Functions, bucket: str) -> None:
    blind = functions.make(LOOK, actions=READ)
    seeing = functions.make(LOOK, actions=[*READ, "s3:ListBucket"])
    for call, answer in MISSING:
        event = {**call, "Bucket": bucket}
        forbidden = [403, "403" if call["call"] == "head_object" else "AccessDenied"]
        assert functions.invoke(blind, event) == forbidden, call
        assert functions.invoke(seeing, event) == answer, call
    s3 = functions.session.client("s3")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="missing")
    missing = {"call": "get_object", "Bucket": f"no-{bucket}", "Key": "missing"}
    assert functions.invoke(blind, missing) == [404, "NoSuchBucket"], "a bucket's absence is no secret"


def test_a_key_has_1024_bytes_at_most(functions: Functions, bucket: str) -> None:
    s3 = functions.session.client("s3")
    longest = "ü" * 512
    s3.put_object(Bucket=bucket, Key=longest, Body=b"")
    with pytest.raises(ClientError, match="KeyTooLongError") as caught:
        s3.put_object(Bucket=bucket, Key=f"{longest}a", Body=b"")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_forms_key_has_1024_bytes_at_most(
    local_aws: LocalStatus, functions: Functions, bucket: str
) -> None:
    s3 = functions.session.client("s3")

    def post(key: str) -> tuple[int, bytes]:
        made = s3.generate_presigned_post(bucket, "${filename}", Conditions=[["starts-with", "$key", ""]])
        body, content_type = encode_multipart_formdata({**made["fields"], "file": (key, b"photo")})
        with closing(http.client.HTTPConnection("127.0.0.1", local_aws.port or 0, timeout=10)) as connection:
            connection.request("POST", f"/{bucket}", body, {"Content-Type": content_type})
            answer = connection.getresponse()
            return answer.status, answer.read()

    assert post("a" * 1024)[0] == 204
    status, said = post("a" * 1025)
    assert status == 400
    assert b"KeyTooLongError" in said


FILLED = {"Bucket": {"Type": "AWS::S3::Bucket"}}
PROTECTED = {
    "Table": {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
            "DeletionProtectionEnabled": True,
        },
    }
}


def fill(session: Any, name: str) -> None:
    session.client("s3").put_object(Bucket=name, Key="k", Body=b"")


def empty(session: Any, name: str) -> None:
    session.client("s3").delete_object(Bucket=name, Key="k")


def unprotect(session: Any, name: str) -> None:
    session.client("dynamodb").update_table(TableName=name, DeletionProtectionEnabled=False)


@pytest.mark.parametrize(
    ("resources", "before", "after", "reason"),
    [
        (FILLED, fill, empty, "The bucket you tried to delete is not empty"),
        (PROTECTED, lambda *_: None, unprotect, "protected against deletion"),
    ],
    ids=["bucket", "table"],
)
def test_a_stack_does_not_delete_what_is_filled_or_protected(
    functions: Functions,
    resources: dict[str, Any],
    before: Callable[[Any, str], None],
    after: Callable[[Any, str], None],
    reason: str,
) -> None:
    stacks, name = functions.session.client("cloudformation"), f"stack-{uuid.uuid4().hex[:8]}"

    def settled() -> str:
        deadline = time.monotonic() + 20
        while (one := stacks.describe_stacks(StackName=arn)["Stacks"][0])["StackStatus"].endswith("PROGRESS"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return one["StackStatus"]

    arn = stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))["StackId"]
    assert settled() == "CREATE_COMPLETE"
    (made,) = stacks.list_stack_resources(StackName=name)["StackResourceSummaries"]
    before(functions.session, made["PhysicalResourceId"])

    stacks.delete_stack(StackName=name)
    assert settled() == "DELETE_FAILED"
    events = stacks.describe_stack_events(StackName=arn)["StackEvents"]
    failed = [one for one in events if one["ResourceStatus"] == "DELETE_FAILED"]
    assert any(reason in one.get("ResourceStatusReason", "") for one in failed), failed

    after(functions.session, made["PhysicalResourceId"])
    stacks.delete_stack(StackName=name)
    assert settled() == "DELETE_COMPLETE"


def notify(functions: Functions, bucket: str, function: str) -> None:
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function}"
    functions.session.client("s3").put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]
        },
    )


def permit(functions: Functions, function: str, **condition: str) -> None:
    client: Any = functions.session.client("lambda")
    given = {"Principal": "s3.amazonaws.com", "Action": "lambda:InvokeFunction", **condition}
    client.add_permission(FunctionName=function, StatementId="trigger", **given)


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        {"SourceArn": "arn:aws:s3:::another"},
        {"SourceAccount": "123456789012"},
        {"Principal": "events.amazonaws.com"},
    ],
)
def test_s3_needs_the_functions_permission_to_invoke_it(
    functions: Functions, bucket: str, wrong: dict[str, str] | None
) -> None:
    function = functions.make("def handler(e, c): pass\n")
    if wrong is not None:
        permit(functions, function, **wrong)
    with pytest.raises(ClientError, match="Unable to validate the following destination config") as caught:
        notify(functions, bucket, function)
    assert caught.value.response["Error"]["Code"] == "InvalidArgument"


def test_s3_delivers_no_more_when_the_permission_is_gone(functions: Functions, bucket: str) -> None:
    s3 = functions.session.client("s3")
    function = functions.make("def handler(e, c): print(e['Records'][0]['s3']['object']['key'])\n")
    permit(functions, function, SourceArn=f"arn:aws:s3:::{bucket}", SourceAccount="000000000000")
    notify(functions, bucket, function)

    functions.session.client("logs").create_log_group(logGroupName=f"/aws/lambda/{function}")

    def told(key: str) -> bool:
        return any(key in line for line in functions.log(function))

    def until_told(key: str) -> None:
        deadline = time.monotonic() + 10
        while not told(key):
            assert time.monotonic() < deadline
            time.sleep(0.1)

    s3.put_object(Bucket=bucket, Key="first", Body=b"")
    until_told("first")
    functions.session.client("lambda").remove_permission(FunctionName=function, StatementId="trigger")
    s3.put_object(Bucket=bucket, Key="second", Body=b"")
    time.sleep(1)
    permit(functions, function)
    s3.put_object(Bucket=bucket, Key="third", Body=b"")
    until_told("third")
    assert not told("second")
