"""What AWS refuses about buckets, and tables, and MiniStack does not."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Mapping

    Answer = tuple[int, dict[str, str], bytes]

MAX_KEY_BYTES = 1024
"""Longest key, in bytes of UTF-8. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""

_NO_SUCH = (b"<Code>NoSuchKey</Code>", b"<Code>NoSuchVersion</Code>")


def refuse_as_s3() -> None:
    """Refuse keys that are too long, and say of what is missing that it is only to those who may list.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    from ministack.services import s3

    dispatch, check_form = s3._dispatch, s3._enforce_signed_post_policy  # noqa: SLF001 - this package's purpose

    def _dispatch(
        method: str,
        bucket: str,
        key: str,
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, Any],
    ) -> Answer:
        if _too_long(key):
            return _error("KeyTooLongError", "Your key is too long", HTTPStatus.BAD_REQUEST)
        answer: Answer = dispatch(method, bucket, key, headers, body, query_params)
        missing = method in ("GET", "HEAD") and answer[0] == HTTPStatus.NOT_FOUND
        if missing and any(code in answer[2] for code in _NO_SUCH):
            return answer if _may_list(bucket, headers, query_params) else _access_denied()
        return answer

    def _enforce_signed_post_policy(fields: dict[str, str], *arguments: Any) -> Answer | None:
        refused: Answer | None = check_form(fields, *arguments)
        if refused is None and _too_long(fields["key"]):
            return _error("KeyTooLongError", "Your key is too long", HTTPStatus.BAD_REQUEST)
        return refused

    s3._dispatch, s3._enforce_signed_post_policy = _dispatch, _enforce_signed_post_policy  # noqa: SLF001


def _too_long(key: str) -> bool:
    return len(key.encode("utf-8", "surrogatepass")) > MAX_KEY_BYTES


def _may_list(bucket: str, headers: Mapping[str, str], query_params: Mapping[str, Any]) -> bool:
    """Say whether the caller may list the bucket. The administrator may do everything."""
    from ministack.core import iam_evaluator, router

    key = router.extract_access_key_id(headers, query_params)
    region = router.extract_region(headers, query_params)
    arn = f"arn:aws:s3:::{bucket}"
    return iam_evaluator.enforce(key, "s3:ListBucket", "s3", region, arn) is None


def _access_denied() -> Answer:
    return _error("AccessDenied", "Access Denied", HTTPStatus.FORBIDDEN)


def _error(code: str, message: str, status: int) -> Answer:
    from ministack.services import s3

    refused: Answer = s3._error(code, message, status)  # noqa: SLF001
    return refused


def require_permission_of_trigger() -> None:
    """Let S3 invoke a function only as far as the function's own policy lets it.

    MiniStack asks the policies of queues and topics, and not those of functions.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
    """
    from ministack.services import s3

    validate, deliver = s3._validate_notification_configs, s3._deliver_event_to_lambda  # noqa: SLF001

    def _validate_notification_configs(
        configs: list[dict[str, Any]],
        bucket_region: str,
        bucket_name: str = "",
        skip_destination_validation: bool = False,
    ) -> Any:
        refused = validate(configs, bucket_region, bucket_name, skip_destination_validation)
        arns = [one["arn"] for one in configs if one["type"] == "lambda"]
        if refused or skip_destination_validation or all(_may_invoke(bucket_name, arn) for arn in arns):
            return refused
        message = "Unable to validate the following destination configurations"
        return s3._invalid_notification_config(message)  # noqa: SLF001

    def _deliver_event_to_lambda(arn: str, event_payload: dict[str, Any], bucket_region: str) -> None:
        bucket = event_payload["Records"][0]["s3"]["bucket"]["name"]
        if _may_invoke(bucket, arn):
            deliver(arn, event_payload, bucket_region)
        else:
            s3.logger.warning("S3 may not invoke %s for %s: the event is dropped", arn, bucket)

    s3._validate_notification_configs = _validate_notification_configs  # noqa: SLF001
    s3._deliver_event_to_lambda = _deliver_event_to_lambda  # noqa: SLF001


def _may_invoke(bucket: str, function_arn: str) -> bool:
    from ministack.core import iam_evaluator, responses
    from ministack.services import lambda_svc

    found = lambda_svc.function_policy_for_arn(function_arn)
    source = {"aws:sourcearn": f"arn:aws:s3:::{bucket}", "aws:sourceaccount": responses.get_account_id()}
    asked = iam_evaluator.EvalContext(
        "*",
        "Service",
        "",
        "lambda:InvokeFunction",
        function_arn,
        responses.get_region(),
        service_context=source,
    )
    policy = found[0] if found else None
    decided = iam_evaluator.evaluate_resource_policy(policy, asked, service="s3.amazonaws.com")
    return bool(decided.decision == "Allow")


def keep_what_a_stack_may_not_delete() -> None:
    """Fail the deletion of a stack whose bucket holds something or whose table is protected.

    MiniStack's services refuse both, and its CloudFormation goes past them.
    """
    from ministack.services import dynamodb, s3
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS  # noqa: SLF001

    def delete_bucket(physical_id: str, _props: Any) -> None:
        status, _, body = s3._delete_bucket(physical_id)  # noqa: SLF001
        if status == HTTPStatus.CONFLICT:
            message = ElementTree.fromstring(body).findtext("Message")  # noqa: S314 - MiniStack's own
            raise ValueError(f"{message} (Service: S3, Status Code: {status})")

    def delete_table(physical_id: str, _props: Any) -> None:
        status, _, body = dynamodb._delete_table({"TableName": physical_id})  # noqa: SLF001
        answer = json.loads(body)
        if answer.get("__type") == "ValidationException":
            raise ValueError(f"{answer['message']} (Service: DynamoDb, Status Code: {status})")

    handlers["AWS::S3::Bucket"]["delete"] = delete_bucket
    handlers["AWS::DynamoDB::Table"]["delete"] = delete_table
