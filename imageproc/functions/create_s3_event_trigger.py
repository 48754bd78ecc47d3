"""CreateS3EventTriggerFunction: the custom resource that lets uploads start the pipeline.

The bucket cannot name the function in its own properties (each would need the other first), so this adds the
notification afterwards. Other notifications of the bucket are kept.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
"""

from __future__ import annotations

import json
import logging
import urllib.request
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from imageproc.aws.translation import error_code
from imageproc.core.keys import INCOMING_PREFIX
from imageproc.errors import ServiceRefusedError
from imageproc.functions import logs
from imageproc.functions.aws_calls import aws_call
from imageproc.functions.clients import s3

_log = logging.getLogger(__name__)

Request = Mapping[str, Any]
"""CloudFormation's request: RequestType, ResourceProperties (`Bucket`, `FunctionArn`), ResponseURL, IDs."""


@logs.logged
def handler(event: Request, context: Any) -> None:
    """Add, replace or remove the notification, and answer CloudFormation whatever happens.

    Without an answer CloudFormation would wait for an hour before it fails.
    """
    try:
        _carry_out(event)
    except Exception as error:  # noqa: BLE001 - whatever it is, CloudFormation must hear of it
        _log.exception("the notification was not changed")
        _answer(event, "FAILED", f"{type(error).__name__}: {error}", context)
    else:
        _answer(event, "SUCCESS", "", context)


def _carry_out(event: Request) -> None:
    properties = event["ResourceProperties"]
    if event["RequestType"] == "Delete":
        _set_trigger(properties["Bucket"], event, None)
        return
    earlier = event.get("OldResourceProperties", {}).get("Bucket")
    if earlier and earlier != properties["Bucket"]:
        _leave(earlier, event)
    _set_trigger(properties["Bucket"], event, properties["FunctionArn"])


def _leave(bucket: str, event: Request) -> None:
    """Remove the trigger from a bucket that was replaced; the role may no longer reach it."""
    try:
        _set_trigger(bucket, event, None)
    except ServiceRefusedError:
        _log.exception("the trigger of %s stays", bucket)


def _set_trigger(bucket: str, event: Request, function_arn: str | None) -> None:
    """Make the bucket notify the function of new originals; with None, no longer."""
    with aws_call(f"Changing the notifications of {bucket}"):
        try:
            current = s3().get_bucket_notification_configuration(Bucket=bucket)
        except ClientError as error:
            if error_code(error) == "NoSuchBucket" and function_arn is None:
                return
            raise
        configuration: Any = _changed(current, _notification_id(event), function_arn)
        s3().put_bucket_notification_configuration(
            Bucket=bucket,
            NotificationConfiguration=configuration,
            # A destination of somebody else's that is gone must not keep the stack from being deleted.
            SkipDestinationValidation=function_arn is None,
        )


def _changed(current: Mapping[str, Any], notification_id: str, function_arn: str | None) -> dict[str, Any]:
    kept = {
        name: value for name, value in current.items() if name.endswith(("Configurations", "Configuration"))
    }
    triggers = [
        one for one in kept.pop("LambdaFunctionConfigurations", []) if one.get("Id") != notification_id
    ]
    if function_arn:
        triggers.append(_trigger(notification_id, function_arn))
    return kept | ({"LambdaFunctionConfigurations": triggers} if triggers else {})


def _trigger(notification_id: str, function_arn: str) -> dict[str, Any]:
    return {
        "Id": notification_id,
        "LambdaFunctionArn": function_arn,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": INCOMING_PREFIX}]}},
    }


def _notification_id(event: Request) -> str:
    """Return the notification's ID: the same for the life of the resource."""
    return f"{event['StackId'].rpartition('/')[2]}-{event['LogicalResourceId']}"


def _answer(event: Request, status: str, reason: str, context: Any) -> None:
    body = {
        "Status": status,
        "Reason": reason[:1000] or f"see the log stream {getattr(context, 'log_stream_name', '')}",
        "PhysicalResourceId": event.get("PhysicalResourceId") or _notification_id(event),
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
    }
    request = urllib.request.Request(  # noqa: S310 - the URL is CloudFormation's own
        event["ResponseURL"],
        data=json.dumps(body).encode(),
        method="PUT",
        headers={"Content-Type": ""},  # the presigned URL is signed for an empty one
    )
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310
        pass
