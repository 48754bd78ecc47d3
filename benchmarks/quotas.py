"""AWS's documented quotas of an account in one region, each with its page and where its value was read.

The values were read on 2026-11-26 in stored copies of AWS's pages, some of them years old: the pages
themselves were not reachable. Look at Service Quotas in your own account before you rely on one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

_DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/"
_STATES = "https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"

SOURCES: Final = {
    "concurrency": _LAMBDA + "gettingstarted-limits.html",
    "new_instances": _LAMBDA + "scaling-behavior.html",
    "event_age_s": _LAMBDA + "invocation-async-error-handling.html",
    "starts": _STATES,
    "express_starts": _STATES,
    "transitions": _STATES,
    "open_executions": _STATES,
    "detect_labels": "https://docs.aws.amazon.com/general/latest/gr/rekognition.html",
    "table_writes": _DYNAMODB + "warm-throughput-scenarios.html",
    "table_writes_most": _DYNAMODB + "ServiceQuotas.html",
    "partition_writes": _DYNAMODB + "bp-partition-key-design.html",
    "uploads": "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html",
}
"""The page of each quota, by the name of its attribute."""


@dataclass(frozen=True)
class Bucket:
    """A token bucket: so many requests at once, and so many more each second."""

    size: float
    rate: float


@dataclass(frozen=True)
class Account:
    """The quotas that matter here."""

    name: str
    concurrency: float = 1_000
    """Functions that run at a time. New accounts have fewer."""
    new_instances: Bucket = field(default_factory=lambda: Bucket(1_000, 100))
    """By how many instances each function may grow: 1,000 each 10 seconds, refilled all the time."""
    event_age_s: float = 6 * 3600
    """How long an event that S3 reports waits for its function."""
    starts: Bucket = field(default_factory=lambda: Bucket(800, 150))
    """StartExecution of Standard workflows: in all regions but the three largest."""
    express_starts: Bucket = field(default_factory=lambda: Bucket(6_000, 6_000))
    transitions: Bucket = field(default_factory=lambda: Bucket(800, 500))
    """State transitions of Standard workflows, likewise; what exceeds it is delayed. Express has no quota."""
    open_executions: float = 1_000_000
    """Of Standard workflows."""
    detect_labels: float = 5
    """Requests a second: 5 in most regions, 50 in the largest, say others. AWS's list could not be read."""
    table_writes: float = 4_000
    """Write units a second of a new on-demand table, and of each of its indexes."""
    table_writes_most: float = 40_000
    """To which a table grows, by at most twice the peak of the half hour before."""
    partition_writes: float = 1_000
    uploads: float = 3_500
    """Uploads a second to one partitioned prefix of a bucket."""


DEFAULT: Final = Account("default")
"""What an account has in most regions."""

RAISED: Final = replace(
    DEFAULT,
    name="raised",
    concurrency=10_000,
    starts=Bucket(1_300, 300),
    transitions=Bucket(5_000, 1_500),
    open_executions=5_000_000,
    detect_labels=50,
    table_writes=40_000,
)
"""One of the three largest regions, with more functions and open executions asked for, and a warmed table."""

UNLIMITED: Final = Account(
    "unlimited",
    concurrency=1e12,
    new_instances=Bucket(1e12, 1e12),
    starts=Bucket(1e12, 1e12),
    express_starts=Bucket(1e12, 1e12),
    transitions=Bucket(1e12, 1e12),
    open_executions=1e12,
    detect_labels=1e12,
    table_writes=1e12,
    table_writes_most=1e12,
    partition_writes=1e12,
    uploads=1e12,
)
"""For tests."""
