"""What injecting faults needs of MiniStack: functions that say who they are, and events that go astray."""

from __future__ import annotations

import contextvars
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from collections.abc import Callable

LATE_SECONDS = 3.0


def name_functions() -> None:
    """Let each function's SDK send its name in the user agent.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-appid.html
    """
    from ministack.services import lambda_svc

    original = lambda_svc._provided_worker_env  # noqa: SLF001 - this package's purpose

    def _provided_worker_env(config: dict[str, Any], code_dir: str, port: int) -> dict[str, str]:
        environment: dict[str, str] = original(config, code_dir, port)
        return {**environment, "AWS_SDK_UA_APP_ID": config["FunctionName"]}

    lambda_svc._provided_worker_env = _provided_worker_env  # noqa: SLF001


def disturb_events(kind_of_event: Callable[[str, str, dict[str, Any]], str]) -> None:
    """Deliver an event of S3 twice or late if `kind_of_event` says so: of the stack, the photo, the event.

    S3 promises neither one delivery nor an order:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
    """
    from ministack.services import s3

    original = s3._deliver_event_to_lambda  # noqa: SLF001

    def _deliver_event_to_lambda(arn: str, event_payload: dict[str, Any], bucket_region: str) -> None:
        stack = arn.rpartition(":")[2].rpartition("-")[0]
        key = unquote_plus(event_payload["Records"][0]["s3"]["object"]["key"])
        kind = kind_of_event(stack, key.removeprefix("Incoming/"), event_payload)
        if kind == "late":
            context = contextvars.copy_context()
            arguments = [original, arn, event_payload, bucket_region]
            threading.Timer(LATE_SECONDS, context.run, arguments).start()
            return
        original(arn, event_payload, bucket_region)
        if kind == "duplicate":
            original(arn, event_payload, bucket_region)

    s3._deliver_event_to_lambda = _deliver_event_to_lambda  # noqa: SLF001
