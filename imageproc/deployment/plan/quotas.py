"""Whether the account lets as many functions run at a time as bulk processing needs.

A new account may start with far fewer than the usual 1,000:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from imageproc.aws.translation import error_code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imageproc.aws.clients import Aws

FUNCTIONS_AT_A_TIME = 2
"""Labels and thumbnail of a photo are made side by side."""

PHOTOS_A_REQUEST = 4
"""Photos that a bulk run processes at a time, by default, for each request to DetectLabels a second.

So the bulk state machines' definitions have it. Photos wait for their turns then, and not too long:
docs/explanation/scale.md.
"""


def bulk_concurrency(parameters: Mapping[str, str]) -> int | None:
    """Return how many photos a bulk run processes at a time with these parameters; None if they do not say."""
    try:
        chosen, requests = int(parameters["BulkConcurrency"]), float(parameters["DetectLabelsPerSecond"])
    except (KeyError, ValueError):
        return None
    return chosen or math.ceil(PHOTOS_A_REQUEST * requests)


def free_concurrency(aws: Aws) -> int | None:
    """Return how many functions may run at a time; None if that may not be looked at."""
    try:
        return aws.lambda_.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    except ClientError as error:
        if error_code(error) in {"AccessDenied", "AccessDeniedException"}:
            return None
        raise


def concurrency_warning(aws: Aws, bulk_concurrency: int) -> str | None:
    """Return what is to be said about Lambda's concurrency; None if it suffices or may not be looked at."""
    free = free_concurrency(aws)
    needed = FUNCTIONS_AT_A_TIME * bulk_concurrency
    if free is None or free >= needed:
        return None
    return (
        f"Lambda may run {free} functions at a time in this account and region, and BulkConcurrency="
        f"{bulk_concurrency} takes up to {needed}: photos would wait, and some fail. Ask for more (Service "
        f"Quotas, Lambda, Concurrent executions), or deploy with BulkConcurrency="
        f"{max(1, free // FUNCTIONS_AT_A_TIME)}."
    )
