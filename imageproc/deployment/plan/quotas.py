"""How many functions an account lets run at a time: enough for bulk processing, and for a reserve?

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

PHOTOS_A_REQUEST = 4
"""Photos that a bulk run processes at a time, by default, for each request to DetectLabels a second.

So the bulk state machines' definitions have it. Photos wait for their turns then, and not too long:
docs/explanation/scale.md.
"""

_FASTEST = frozenset({"us-east-1", "us-west-2", "eu-west-1"})
"""Regions in which Step Functions starts 300 executions a second, and 150 in the others:
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
_STARTERS = 14
"""Functions that start no more than 150 executions a second: docs/explanation/scale.md."""
_UNRESERVED = 100
"""Functions at a time of which Lambda lets none be reserved:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"""


def starters(region: str) -> int:
    """Return how many functions at a time start as many executions as Step Functions lets, and no more."""
    return 2 * _STARTERS if region in _FASTEST else _STARTERS


def reserve(aws: Aws) -> int | None:
    """Return how many functions to reserve for that; None if the account cannot, or may not be looked at."""
    free, wanted = free_concurrency(aws), starters(aws.region)
    return wanted if free is not None and free - wanted >= _UNRESERVED else None


def functions_at_a_time(parameters: Mapping[str, str | None]) -> int:
    """Return how many functions work on a photo side by side: labels, thumbnail, and perhaps an embedding."""
    return 3 if parameters.get("Similarity") == "Enabled" else 2


def bulk_concurrency(parameters: Mapping[str, str | None]) -> int | None:
    """Return how many photos a bulk run processes at a time; None if the parameters are no numbers."""
    try:
        chosen = int(parameters["BulkConcurrency"] or "")
        requests = float(parameters["DetectLabelsPerSecond"] or "")
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


def concurrency_warning(aws: Aws, parameters: Mapping[str, str | None]) -> str | None:
    """Return what is to be said about Lambda's concurrency; None if it suffices or may not be looked at."""
    bulk, each = bulk_concurrency(parameters), functions_at_a_time(parameters)
    if bulk is None:
        return None
    free, needed = free_concurrency(aws), each * bulk
    if free is None or free >= needed:
        return None
    return (
        f"Lambda may run {free} functions at a time in this account and region, and BulkConcurrency="
        f"{bulk} takes up to {needed}: photos would wait, and some fail. Ask for more (Service "
        f"Quotas, Lambda, Concurrent executions), or deploy with BulkConcurrency="
        f"{max(1, free // each)}."
    )
