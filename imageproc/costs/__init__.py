"""What photos cost on AWS: counted calls times public prices. Pure: AWS is not asked, nothing is fetched."""

from imageproc.costs.bill import BILL_COLUMNS, Bill, Line
from imageproc.costs.designs import Design, original, ours
from imageproc.costs.estimate import (
    AVERAGE_MEGABYTES,
    Estimate,
    estimate,
    processing,
    processing_in_place,
    reprocessing,
    standing,
    storing,
)
from imageproc.costs.prices import DATE, PRICES, REGION, Price

__all__ = [
    "AVERAGE_MEGABYTES",
    "BILL_COLUMNS",
    "DATE",
    "PRICES",
    "REGION",
    "Bill",
    "Design",
    "Estimate",
    "Line",
    "Price",
    "estimate",
    "original",
    "ours",
    "processing",
    "processing_in_place",
    "reprocessing",
    "standing",
    "storing",
]
