"""AWS's public list prices in one region, typed in on one day. docs/explanation/cost.md says from where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DATE: Final = "2026-11-24"
"""When the prices were typed in."""

REGION: Final = "us-east-1"

HOURS_A_MONTH: Final = 730
"""As AWS's own calculator has it."""


@dataclass(frozen=True)
class Price:
    """What so many units cost, in US dollars without taxes: the first tier, after the free one."""

    name: str
    service: str
    unit: str
    usd: float
    per: float
    page: str
    """AWS's public page with this price."""

    @property
    def each(self) -> float:
        """US dollars for one unit."""
        return self.usd / self.per

    def __str__(self) -> str:
        """Return it in words."""
        many = f"{self.per:,.0f} " if self.per > 1 else ""
        return f"{self.usd:.10f}".rstrip("0").rstrip(".") + f" USD for {many}{self.unit}"


_STATES = "https://aws.amazon.com/step-functions/pricing/"
_LAMBDA = "https://aws.amazon.com/lambda/pricing/"
_ON_DEMAND = "https://aws.amazon.com/dynamodb/pricing/on-demand/"
_PROVISIONED = "https://aws.amazon.com/dynamodb/pricing/provisioned/"
_S3 = "https://aws.amazon.com/s3/pricing/"
_REKOGNITION = "https://aws.amazon.com/rekognition/pricing/"
_CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"
_KMS = "https://aws.amazon.com/kms/pricing/"
_XRAY = "https://aws.amazon.com/xray/pricing/"

PRICES: Final = {
    price.name: price
    for price in (
        Price("transition", "Step Functions", "state transitions", 0.025, 1_000, _STATES),
        Price("express-request", "Step Functions", "Express requests", 1.00, 1_000_000, _STATES),
        Price("express-duration", "Step Functions", "GB-seconds of Express", 0.00001667, 1, _STATES),
        Price("invocation", "Lambda", "invocations", 0.20, 1_000_000, _LAMBDA),
        Price("arm64", "Lambda", "GB-seconds (arm64)", 0.0000133334, 1, _LAMBDA),
        Price("x86_64", "Lambda", "GB-seconds (x86_64)", 0.0000166667, 1, _LAMBDA),
        Price("put", "S3", "PUT, POST, COPY and LIST requests", 0.005, 1_000, _S3),
        Price("get", "S3", "GET and HEAD requests", 0.0004, 1_000, _S3),
        Price("object-storage", "S3", "GB-months", 0.023, 1, _S3),
        Price("write", "DynamoDB", "write request units", 0.625, 1_000_000, _ON_DEMAND),
        Price("read", "DynamoDB", "read request units", 0.125, 1_000_000, _ON_DEMAND),
        Price("record-storage", "DynamoDB", "GB-months", 0.25, 1, _ON_DEMAND),
        Price("record-backup", "DynamoDB", "GB-months of point-in-time recovery", 0.20, 1, _ON_DEMAND),
        Price("write-capacity", "DynamoDB", "hours of a write capacity unit", 0.00065, 1, _PROVISIONED),
        Price("read-capacity", "DynamoDB", "hours of a read capacity unit", 0.00013, 1, _PROVISIONED),
        Price("key", "KMS", "requests", 0.03, 10_000, _KMS),
        Price("image", "Rekognition", "images (labels)", 1.00, 1_000, _REKOGNITION),
        Price("log", "CloudWatch", "GB of logs", 0.50, 1, _CLOUDWATCH),
        Price("metric", "CloudWatch", "metrics for a month", 0.30, 1, _CLOUDWATCH),
        Price("alarm", "CloudWatch", "alarms for a month", 0.10, 1, _CLOUDWATCH),
        Price("dashboard", "CloudWatch", "dashboards for a month", 3.00, 1, _CLOUDWATCH),
        Price("trace", "X-Ray", "traces", 5.00, 1_000_000, _XRAY),
    )
}
