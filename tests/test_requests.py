"""What the product asks of AWS, and which refusals it knows, are AWS's: by botocore's models."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import CodeType
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

import imageproc
from imageproc.aws import translation
from imageproc.client.target import AWS, Target
from tests import models

PACKAGE = Path(imageproc.__file__).parent
FOLDERS = ("aws", "client", "deployment", "functions")
SERVICES = (
    *("cloudformation", "cloudwatch", "cognito-identity", "dynamodb", "iam", "kms", "lambda", "logs"),
    *("rekognition", "s3", "sqs", "stepfunctions", "sts"),
)

# Codes that no model has, by where AWS lists them.
_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
_HEAD = (
    "https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html: no body, so botocore has the status"
)
_COMMON = "https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html"
_SDK = "botocore.retries.standard: what the SDK itself tries again"
_TAGS = "what S3 answered before NoSuchTagSet, and MiniStack does: ErrorResponses, tagging-related codes"
NOT_IN_MODELS = {
    **dict.fromkeys(("301", "400", "403", "404", "409", "412", "NotFound"), _HEAD),
    **dict.fromkeys(
        (
            *(
                "AllAccessDisabled",
                "AuthorizationHeaderMalformed",
                "BucketNotEmpty",
                "ConditionalRequestConflict",
            ),
            *("ExpiredToken", "IllegalLocationConstraintException", "InternalError", "InvalidAccessKeyId"),
            "InvalidRange",
            *("NoSuchTagSet", "NoSuchVersion", "OperationAborted", "PermanentRedirect", "PreconditionFailed"),
            *("RequestTimeTooSkewed", "RequestTimeout", "SignatureDoesNotMatch", "SlowDown"),
            "TokenRefreshRequired",
        ),
        _S3,
    ),
    "NoSuchTagSetError": _TAGS,
    **dict.fromkeys(
        (
            *("IncompleteSignature", "InvalidClientTokenId", "MissingAuthenticationToken", "OptInRequired"),
            *("RequestExpired", "ServiceUnavailable"),
        ),
        _COMMON,
    ),
    "RequestTimeoutException": _LAMBDA,
    **dict.fromkeys(
        ("BandwidthLimitExceeded", "PriorRequestNotComplete", "RequestThrottledException", "Throttling"), _SDK
    ),
    "RecognitionUnavailable": "this project's local AWS",
}


def known_codes() -> set[str]:
    return models.error_codes(*SERVICES) | set(NOT_IN_MODELS)


def compared_codes() -> dict[str, str]:
    """Return the codes that the product compares answers with, and where."""
    found = dict.fromkeys(vars(translation)["_BY_CODE"], "imageproc/aws/translation.py")
    for path in sorted(path for folder in FOLDERS for path in (PACKAGE / folder).rglob("*.py")):
        where = path.relative_to(PACKAGE.parent)
        module = import_module(".".join(where.with_suffix("").parts).removesuffix(".__init__"))
        for code in codes_in(ast.parse(path.read_text()), vars(module)):
            found.setdefault(code, str(where))
    return found


def codes_in(tree: ast.AST, names: dict[str, Any]) -> Iterator[str]:
    """Yield what the code of an error is compared with: texts, or the module's sets of texts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and _is_code(node.left):
            for comparator in node.comparators:
                value = eval(_compiled(comparator), dict(names))
                yield from [value] if isinstance(value, str) else value


def _compiled(node: ast.expr) -> CodeType:
    return compile(ast.Expression(node), "<comparison>", "eval")


def _is_code(node: ast.expr) -> bool:
    """Whether this is `error_code(…)`, `code` or `….code`."""
    called = node.func if isinstance(node, ast.Call) else node
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in {"error_code", "code"}


def test_every_code_that_is_compared_is_one_that_aws_answers() -> None:
    found = compared_codes()
    assert {"ConditionalCheckFailedException", "ExecutionAlreadyExists", "BucketNotEmpty"} <= set(found)
    unknown = {code: where for code, where in found.items() if code not in known_codes()}
    assert unknown == {}


def test_what_models_lack_is_listed_only_if_it_is_used_and_missing() -> None:
    assert set(NOT_IN_MODELS) <= set(compared_codes())
    assert set(NOT_IN_MODELS) & models.error_codes(*SERVICES) == set()


def test_a_code_that_aws_never_answers_is_noticed() -> None:
    source = """
if error_code(error) in _NAMES or error.code == "NoSuchThing":
    pass
"""
    found = set(codes_in(ast.parse(source), {"_NAMES": ("AccessDenied", "NoSuchPhoto")}))
    assert found - known_codes() == {"NoSuchThing", "NoSuchPhoto"}


def request_of(service: str, operation: str, **params: Any) -> list[str]:
    return models.violations(models.service(service).operation_model(operation), params)


@pytest.mark.parametrize(
    ("service", "operation", "params", "complaint"),
    [
        ("sqs", "SendMessage", {"QueueUrl": "q"}, "Missing required parameter"),
        ("s3", "GetObject", {"Bucket": "b", "Key": ""}, ".Key has length 0"),
        (
            "s3",
            "PutObject",
            {"Bucket": "b", "Key": "k", "StorageClass": "COLD"},
            ".StorageClass is 'COLD', none",
        ),
        (
            "stepfunctions",
            "StartExecution",
            {"stateMachineArn": "a", "name": "x" * 81},
            ".name has length 81",
        ),
        (
            "rekognition",
            "DetectLabels",
            {"Image": {"S3Object": {"Bucket": "b b", "Name": "n"}}, "MinConfidence": 101.0},
            ".MinConfidence is 101.0",
        ),
        (
            "rekognition",
            "DetectLabels",
            {"Image": {"S3Object": {"Bucket": "b b"}}},
            ".Bucket is 'b b', not of",
        ),
        (
            "dynamodb",
            "BatchGetItem",
            {"RequestItems": {"images": {"Keys": [{"imageID": {"S": "x"}}] * 101}}},
            ".Keys has length 101",
        ),
        ("cloudformation", "DescribeStacks", {"StackName": 1}, "Invalid type for parameter StackName"),
    ],
)
def test_requests_that_aws_would_refuse_are_noticed(
    service: str, operation: str, params: dict[str, Any], complaint: str
) -> None:
    assert any(complaint in each for each in request_of(service, operation, **params))


def test_a_request_that_is_right_is_not_complained_of() -> None:
    image = {"S3Object": {"Bucket": "photos", "Name": "Incoming/cat.jpg", "Version": "v1"}}
    assert request_of("rekognition", "DetectLabels", Image=image, MaxLabels=20, MinConfidence=55.0) == []
    assert request_of("lambda", "GetAccountSettings") == []


def test_what_the_product_asks_is_watched_and_what_a_test_asks_is_not() -> None:
    target = Target(AWS, boto3.Session("AKIATEST", "secret", region_name="eu-west-1"))
    client = target.client("stepfunctions")
    with Stubber(client) as stubber:
        for _ in range(2):
            stubber.add_response("delete_state_machine", {}, None)
        client.delete_state_machine(stateMachineArn="x" * 257)
        assert models.wrong == []
        names = {"__name__": "imageproc.client.bulk", "client": client}
        exec("client.delete_state_machine(stateMachineArn='x' * 257)", names)
    (wrong,) = models.wrong
    models.wrong.clear()
    assert wrong == "stepfunctions DeleteStateMachine: .stateMachineArn has length 257, not 1 to 256"


class Fake:
    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        return {"Stacks": [{"StackName": "demo", "Colour": "red"}]}


def test_a_fake_answers_what_aws_can_answer_alone() -> None:
    held = models.Held("cloudformation", Fake())
    with pytest.raises(AssertionError, match=r"AWS answers no describe_stacks\.Stacks\.Colour"):
        held.describe_stacks(StackName="demo")
    with pytest.raises(AssertionError, match="Invalid type"):
        held.describe_stacks(StackName=1)
