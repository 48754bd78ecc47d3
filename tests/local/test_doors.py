"""A stranger gets nothing but refusals: every service, every way to ask without the key.

The requests are those that botocore makes of its models: for each service that the stack uses one that reads
and one that writes. Each is sent with each kind of authorization, by this user and by another of the machine.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.credentials import Credentials

from imageproc.local.environment import SERVICES

from .functions import Functions, function_zip
from .signing import Call, Reply, call_of, calls_of_all_operations, sign
from .strangers import send_as_stranger

if TYPE_CHECKING:
    from imageproc.local import LocalStatus

_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
_MACHINE = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
_ALARM = {
    "ComparisonOperator": "GreaterThanThreshold",
    "EvaluationPeriods": 1,
    "MetricName": "m",
    "Namespace": "n",
    "Period": 60,
    "Statistic": "Sum",
    "Threshold": 1.0,
}
_TABLE = {
    "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
_FUNCTION = {"Runtime": "provided.al2023", "Handler": "app.handler"}

# By the name that signatures use: boto3's client, and a call that reads.
READS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "cloudformation": ("cloudformation", "ListStacks", {}),
    "cognito-identity": ("cognito-identity", "ListIdentityPools", {"MaxResults": 60}),
    "dynamodb": ("dynamodb", "ListTables", {}),
    "events": ("events", "ListRules", {}),
    "iam": ("iam", "ListRoles", {}),
    "lambda": ("lambda", "ListFunctions", {"MaxItems": 10_000}),
    "logs": ("logs", "DescribeLogGroups", {"logGroupNamePrefix": "stranger-"}),
    "monitoring": ("cloudwatch", "DescribeAlarms", {}),
    "rekognition": ("rekognition", "DetectLabels", {"Image": {"Bytes": b"x"}}),
    "s3": ("s3", "ListBuckets", {}),
    "sns": ("sns", "ListTopics", {}),
    "sqs": ("sqs", "ListQueues", {}),
    "states": ("stepfunctions", "ListStateMachines", {}),
    "sts": ("sts", "GetCallerIdentity", {}),
    "tagging": ("resourcegroupstaggingapi", "GetResources", {}),
}


def write(service: str, name: str, role: str) -> tuple[str, dict[str, Any]]:
    """Return a call that would make something of this name; the last three services make nothing."""
    queue = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"{name}-of-stack"}}}
    code = {"Code": {"ZipFile": function_zip({"app.py": ""})}}
    machine = {"name": name, "definition": _MACHINE, "roleArn": role}
    calls: dict[str, tuple[str, dict[str, Any]]] = {
        "cloudformation": (
            "CreateStack",
            {"StackName": name, "TemplateBody": json.dumps({"Resources": queue})},
        ),
        "cognito-identity": (
            "CreateIdentityPool",
            {"IdentityPoolName": name, "AllowUnauthenticatedIdentities": True},
        ),
        "dynamodb": ("CreateTable", {"TableName": name, **_TABLE}),
        "events": ("PutRule", {"Name": name, "ScheduleExpression": "rate(1 day)"}),
        "iam": ("CreateRole", {"RoleName": name, "AssumeRolePolicyDocument": _TRUST}),
        "lambda": ("CreateFunction", {"FunctionName": name, "Role": role, **_FUNCTION, **code}),
        "logs": ("CreateLogGroup", {"logGroupName": name}),
        "monitoring": ("PutMetricAlarm", {"AlarmName": name, **_ALARM}),
        "s3": ("CreateBucket", {"Bucket": name}),
        "sns": ("CreateTopic", {"Name": name}),
        "sqs": ("CreateQueue", {"QueueName": name}),
        "states": ("CreateStateMachine", machine),
        "rekognition": ("CreateCollection", {"CollectionId": name}),
        "sts": ("AssumeRole", {"RoleArn": role, "RoleSessionName": name}),
        "tagging": ("TagResources", {"ResourceARNList": [f"arn:aws:s3:::{name}"], "Tags": {"a": "b"}}),
    }
    return calls[service]


MAKE_NOTHING = {"rekognition", "sts", "tagging"}

Way = Callable[[Call, Call, Credentials], Iterator[Call]]
"""How to ask without being allowed to: of a call, another call and the right key the requests to send."""


def _plain(authorization: str | None) -> Way:
    def way(call: Call, other: Call, key: Credentials) -> Iterator[Call]:
        yield call if authorization is None else call.having(authorization=authorization)

    return way


def _as_query(query: str) -> Way:
    def way(call: Call, other: Call, key: Credentials) -> Iterator[Call]:
        yield replace(call, target=f"{call.target}{'&' if '?' in call.target else '?'}{query}")

    return way


def _with_key(wrong: Callable[[Credentials], Credentials], query: bool) -> Way:
    def way(call: Call, other: Call, key: Credentials) -> Iterator[Call]:
        yield sign(call, wrong(key), query=query)

    return way


def _at(seconds: float, query: bool) -> Way:
    def way(call: Call, other: Call, key: Credentials) -> Iterator[Call]:
        yield sign(call, key, query=query, at=time.time() + seconds)

    return way


def _altered(query: bool) -> Way:
    """Change the signature's last digit."""

    def way(call: Call, other: Call, key: Credentials) -> Iterator[Call]:
        signed = sign(call, key, query=query)
        if query:
            yield replace(signed, target=_last_digit_changed(signed.target))
        else:
            yield signed.having(authorization=_last_digit_changed(signed.headers["Authorization"]))

    return way


def _replayed(query: bool) -> Way:
    """Take the signature of another request for this one's."""

    def way(call: Call, other: Call, key: Credentials) -> Iterator[Call]:
        signed = sign(other, key, query=query)
        if query:
            names = signed.target.partition("X-Amz-Algorithm")
            yield replace(
                call, target=f"{call.target}{'&' if '?' in call.target else '?'}{''.join(names[1:])}"
            )
            return
        taken = {n: v for n, v in signed.headers.items() if n.lower() in ("authorization", "x-amz-date")}
        yield replace(call, headers={**call.headers, **taken})
        hashed = {n: v for n, v in signed.headers.items() if n.lower() == "x-amz-content-sha256"}
        yield replace(call, headers={**call.headers, **taken, **hashed})

    return way


def _last_digit_changed(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


_UNKNOWN = Credentials("LOCALUNKNOWNKEY12345", "secret")
WAYS: dict[str, Way] = {
    "none": _plain(None),
    "empty": _plain(""),
    "x": _plain("x"),
    "basic": _plain("Basic dGVzdDp0ZXN0"),
    "bearer": _plain("Bearer x"),
    "malformed": _plain("AWS4-HMAC-SHA256 Credential=test/20300101/us-east-1/s3/aws4_request"),
    "well-known key": _with_key(lambda key: Credentials("test", "test"), query=False),
    "account as key": _with_key(lambda key: Credentials("000000000000", "test"), query=False),
    "unknown key": _with_key(lambda key: _UNKNOWN, query=False),
    "wrong secret": _with_key(lambda key: replace_secret(key, "wrong"), query=False),
    "strange token": _with_key(lambda key: Credentials(key.access_key, key.secret_key, "token"), query=False),
    "wrong signature": _altered(query=False),
    "expired": _at(-16 * 60, query=False),
    "from the future": _at(16 * 60, query=False),
    "replayed": _replayed(query=False),
    "query empty": _as_query("X-Amz-Signature="),
    "query version 2": _as_query("AWSAccessKeyId=test&Signature=x&Expires=9999999999"),
    "query foreign": _as_query("X-Amz-Algorithm=Bearer&X-Amz-Credential=x&X-Amz-Signature=x"),
    "query malformed": _as_query(f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature={'0' * 64}"),
    "query well-known key": _with_key(lambda key: Credentials("test", "test"), query=True),
    "query unknown key": _with_key(lambda key: _UNKNOWN, query=True),
    "query wrong secret": _with_key(lambda key: replace_secret(key, "wrong"), query=True),
    "query wrong signature": _altered(query=True),
    "query expired": _at(-16 * 60, query=True),
    "query from the future": _at(16 * 60, query=True),
    "query replayed": _replayed(query=True),
}


def replace_secret(key: Credentials, secret: str) -> Credentials:
    return Credentials(key.access_key, secret, key.token)


@dataclass(frozen=True)
class Calls:
    """The two calls of one service, the name of what would be made, and the right key."""

    service: str
    name: str
    read: Call
    write: Call
    key: Credentials

    def attempts(self) -> dict[str, Call]:
        """Return every way to ask for either without being allowed to, by a description."""
        found = {}
        for way, ask in WAYS.items():
            for call, other in ((self.read, self.write), (self.write, self.read)):
                for number, attempt in enumerate(ask(call, other, self.key)):
                    kind = "read" if call is self.read else "write"
                    found[f"{way} {kind} {number}"] = attempt
        return found

    def made(self) -> bool:
        """Say whether there is something of the name."""
        return self.name.encode() in sign(self.read, self.key).send().body


@pytest.fixture(scope="module")
def role(local_aws: LocalStatus) -> str:
    return Functions(local_aws.session()).role()


@pytest.fixture(params=READS)
def calls(request: pytest.FixtureRequest, local_aws: LocalStatus, role: str) -> Calls:
    client, read, parameters = READS[request.param]
    name = f"stranger-{uuid.uuid4().hex[:8]}"
    endpoint, (operation, more) = str(local_aws.endpoint), write(request.param, name, role)
    read_call = call_of(endpoint, client, read, **parameters)
    assert read_call.service == request.param
    return Calls(
        request.param, name, read_call, call_of(endpoint, client, operation, **more), the_key(local_aws)
    )


def the_key(local_aws: LocalStatus) -> Credentials:
    assert local_aws.credentials is not None
    return Credentials(local_aws.credentials.access_key_id, local_aws.credentials.secret_access_key)


def admitted(replies: dict[str, Reply]) -> dict[str, Reply]:
    """Return the replies that are no refusals."""
    return {name: reply for name, reply in replies.items() if not is_refusal(reply)}


def is_refusal(reply: Reply) -> bool:
    """Whether it is AWS's answer to a request that is not admitted, and no more; to a HEAD nothing."""
    says = any(code in reply.body for code in CODES) or not reply.body
    return reply.status in (400, 403) and says and len(reply.body) < 700


CODES = (
    b"MissingAuthenticationToken",
    b"IncompleteSignature",
    b"AuthorizationHeaderMalformed",
    b"InvalidClientTokenId",
    b"UnrecognizedClientException",
    b"InvalidAccessKeyId",
    b"SignatureDoesNotMatch",
    b"InvalidSignatureException",
    b"InvalidRequest",
    b"InvalidToken",
    b"RequestTimeTooSkewed",
    b"AccessDenied",
)


def test_every_service_that_is_served_is_in_the_matrix() -> None:
    assert set(READS) == {*SERVICES, "rekognition"}


def test_the_right_key_gets_in(calls: Calls) -> None:
    """By header and by query, to read and to write: else the refusals below would say nothing."""
    for query in (False, True):
        reply = sign(calls.read, calls.key, query=query).send()
        # DetectLabels of what is no photo; and by query the local AWS does not know it.
        assert reply.status == (400 if calls.service == "rekognition" else 200)
        assert not any(code in reply.body for code in CODES)
    reply = sign(calls.write, calls.key).send()
    assert calls.service in MAKE_NOTHING or (reply.status in (200, 201) and calls.made()), reply


def test_nobody_else_gets_in(calls: Calls) -> None:
    replies = {name: attempt.send() for name, attempt in calls.attempts().items()}
    assert len(replies) >= 2 * len(WAYS)
    assert admitted(replies) == {}
    assert not calls.made()


def test_no_other_user_of_the_machine_gets_in(calls: Calls) -> None:
    attempts = calls.attempts()
    replies = dict(zip(attempts, send_as_stranger(list(attempts.values())), strict=True))
    assert admitted(replies) == {}
    assert not calls.made()


UNSIGNED_ON_AWS = {"GetId", "GetCredentialsForIdentity"}


@pytest.mark.parametrize("service", READS)
def test_no_operation_of_any_service_is_open(service: str, local_aws: LocalStatus) -> None:
    """All that the models know, and not only what the stack uses: but for how guests get their keys."""
    operations = calls_of_all_operations(str(local_aws.endpoint), READS[service][0])
    assert len(operations) >= 5
    key = replace_secret(the_key(local_aws), "wrong")
    replies: dict[str, Reply] = {}
    for name, call in operations.items():
        attempts = [call.having(authorization="x"), sign(call, key), sign(call, key, query=True)]
        attempts += [] if name in UNSIGNED_ON_AWS else [call]
        replies |= {f"{name} {number}": attempt.send() for number, attempt in enumerate(attempts)}
    assert admitted(replies) == {}


def test_guests_get_keys_unsigned_and_nothing_else_by_it(local_aws: LocalStatus) -> None:
    """What else is in a request that is served unsigned makes no other request of it."""
    endpoint = str(local_aws.endpoint)
    guest = call_of(endpoint, "cognito-identity", "GetId", IdentityPoolId="us-east-1:x")
    assert b"NotFound" in guest.send().body
    for more in (
        {"x_amz_copy_source": "a/b"},
        {"content_type": "application/x-www-form-urlencoded"},
        {"smithy_protocol": "rpc-v2-cbor"},
        {"x_amz_target": "AWSCognitoIdentityService.GetIdentity"},
        {"x_amz_target": "AWSCognitoIdentityService.GetId,DynamoDB_20120810.ListTables"},
    ):
        reply = replace(guest, body=b"Action=ListRoles&Version=2010-05-08").having(**more).send()
        assert reply.status in (400, 403)
        assert b"Role" not in reply.body
    for target in ("/?Action=ListRoles", "/2015-03-31/functions/", "/_ministack/reset", "//"):
        assert is_refusal(replace(guest, target=target).send()), target
    assert replace(guest, method="GET").send().status in (400, 403)
