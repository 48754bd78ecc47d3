"""What photos cost: processing them once, keeping them, and a stack that stands still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from imageproc.costs.batches import children
from imageproc.costs.bill import BILL_COLUMNS, Bill, added
from imageproc.costs.designs import COLD_STARTS, EXPRESS_MEMORY_MB, Design, PhotoUse, ours
from imageproc.costs.prices import HOURS_A_MONTH
from imageproc.presentation import html
from imageproc.presentation.text import photos_text

AVERAGE_MEGABYTES: Final = 4.0
"""Of a photo, in MB of 1,000,000 bytes, where nothing is known: a phone's of 12 megapixels."""

_DEFAULTS = {
    "WorkflowType": "STANDARD",
    "Similarity": "Disabled",
    "Tracing": "PassThrough",
    "Dashboard": "Disabled",
    "AlarmTopicArn": "",
}
"""The template's, of the parameters on which costs depend."""
_STATUSES = 4
"""A custom metric for each way a photo may end, in a month in which all four occur."""
_ALARMS_WITH_TOPIC = {"STANDARD": 4, "EXPRESS": 5}
_KEY_REQUESTS_A_MONTH = 12 * HOURS_A_MONTH
"""Of one role: DynamoDB asks for the tables' key once in five minutes."""
_STARTS = 1
"""State transitions that the start of a Distributed Map's child counts as: assumed."""
_GB = 1e9


@dataclass(frozen=True, repr=False)
class Estimate:
    """What so many photos cost on AWS."""

    photos: int
    megabytes: float
    """MB of 1,000,000 bytes a photo, on average."""
    processing: Bill
    """Once."""
    storing: Bill
    """A month."""
    standing: Bill
    """A month, however few photos there are."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """The parameters that change the costs, where they are not the template's defaults."""

    @property
    def settings_text(self) -> str:
        """These parameters in words, ` with Similarity=Enabled`; empty if all are the defaults."""
        named = ", ".join(f"{name}={value}" for name, value in sorted(self.settings.items()))
        return f" with {named}" if named else ""

    def __repr__(self) -> str:
        """Return one line for people."""
        once, kept = self.processing.total, self.storing.total
        said = f"{photos_text(self.photos)}{self.settings_text}"
        return f"<Estimate {said}: {once:.4g} USD once, {kept:.4g} USD a month>"

    def _repr_html_(self) -> str:
        """Return the three bills as tables, for Jupyter."""
        size = f"{self.photos:,} photos of {self.megabytes:.2f} MB{self.settings_text}"
        named = {
            f"{size}, once": self.processing,
            f"{size}, to keep, a month": self.storing,
            "The empty stack, a month, at most": self.standing,
        }
        return html.tables(
            (f"{title}: {bill.total:,.4f} USD", BILL_COLUMNS, bill.rows()) for title, bill in named.items()
        )


def estimate(
    photos: int, megabytes: float = AVERAGE_MEGABYTES, parameters: Mapping[str, str] | None = None
) -> Estimate:
    """Return what photos cost in this design, with these template parameters and else the defaults.

    Raises ValueError for a negative number of photos or MB.
    """
    if photos < 0 or megabytes < 0:
        raise ValueError(f"{photos} photos of {megabytes} MB cannot be priced: give 0 or more of each.")
    given = parameters or {}
    return Estimate(
        photos,
        megabytes,
        processing(photos, megabytes, parameters=parameters),
        storing(photos, megabytes, parameters=parameters),
        standing(parameters),
        {name: given[name] for name, value in _DEFAULTS.items() if given.get(name, value) != value},
    )


def processing(
    photos: float,
    megabytes: float = AVERAGE_MEGABYTES,
    by: Design | None = None,
    parameters: Mapping[str, str] | None = None,
    *,
    rejected: bool = False,
) -> Bill:
    """Return what processing photos costs once, from the upload's PUT to the record's last write.

    `parameters` are the template's. With `rejected` they are files that are none. What is asked afterwards,
    to look at them, is not in it.
    """
    known = by or ours()
    use = (known.rejected if rejected else None) or known.use(parameters)
    quantities = _of_a_photo(use, megabytes, known.architecture)
    quantities["put"] += 1  # the upload's own
    if _type(parameters) == "EXPRESS":
        quantities |= _as_express(quantities, use.express_seconds(megabytes))
        quantities["log"] += use.express_log_bytes / _GB
    if (parameters or {}).get("Tracing") == "Active":
        quantities["trace"] = 1
    bill = {price: quantity * photos for price, quantity in quantities.items()}
    if known.managed_key:
        bill["key"] = min(photos * use.key_requests, use.key_requests * _KEY_REQUESTS_A_MONTH)
    return Bill.of(bill)


def reprocessing(
    photos: float, megabytes: float = AVERAGE_MEGABYTES, parameters: Mapping[str, str] | None = None
) -> Bill:
    """Return what a bulk run costs that processes so many photos again, all of each.

    Its functions keep running: no cold start is counted. Of Express children only failures are logged. The
    definitions say how many photos a child has, and what it enters for each.
    """
    return _in_bulk(photos, ours().use(parameters).again(), megabytes, parameters)


def processing_in_place(
    photos: float, megabytes: float = AVERAGE_MEGABYTES, parameters: Mapping[str, str] | None = None
) -> Bill:
    """Return what it costs once that a bulk run processes photos in place, from their pointers' PUTs on.

    No cold start is counted, either.
    """
    pointers = Bill.of({"put": photos})
    return added([_in_bulk(photos, ours().use(parameters).in_place(), megabytes, parameters), pointers])


def _in_bulk(photos: float, use: PhotoUse, megabytes: float, parameters: Mapping[str, str] | None) -> Bill:
    kind = _type(parameters)
    quantities = _of_a_photo(use, megabytes, ours().architecture, cold=0)
    child = children(kind)
    if kind == "EXPRESS":
        quantities |= _as_express(quantities, child.express_seconds(use, megabytes), 1 / child.photos)
        quantities["write"] += 1  # it replaces an entry in the index of executions
    else:
        quantities["transition"] += child.states
    quantities["transition"] += _STARTS / child.photos
    return Bill.of({price: quantity * photos for price, quantity in quantities.items()})


def storing(
    photos: float,
    megabytes: float = AVERAGE_MEGABYTES,
    by: Design | None = None,
    parameters: Mapping[str, str] | None = None,
) -> Bill:
    """Return what keeping photos, thumbnails and records costs a month."""
    known = by or ours()
    records = photos * 2 * known.use(parameters).record_bytes / _GB
    return Bill.of(
        {
            "object-storage": photos * (megabytes * 1e6 + known.photo.thumbnail_bytes) / _GB,
            "record-storage": records,
            "record-backup": records if known.recovery else 0,
        }
    )


def standing(parameters: Mapping[str, str] | None = None, by: Design | None = None) -> Bill:
    """Return what a stack costs a month before there is a photo: the most, where it depends on its use."""
    return Bill.of((by or ours()).standing or _parametrised(parameters or {}))


def _parametrised(parameters: Mapping[str, str]) -> dict[str, float]:
    return {
        "metric": _STATUSES,
        "alarm": _ALARMS_WITH_TOPIC[_type(parameters)] if parameters.get("AlarmTopicArn") else 1,
        "dashboard": 1 if parameters.get("Dashboard") == "Enabled" else 0,
    }


def _type(parameters: Mapping[str, str] | None) -> str:
    return (parameters or {}).get("WorkflowType", "STANDARD")


def _as_express(standard: Mapping[str, float], seconds: float, requests: float = 1) -> dict[str, float]:
    """Return what differs where the photo's workflow is Express: it also has an entry in an index more."""
    return {
        "transition": 0,
        "express-request": requests,
        "express-duration": EXPRESS_MEMORY_MB / 1024 * seconds,
        "write": standard["write"] + 1,
    }


def _of_a_photo(
    use: PhotoUse, megabytes: float, architecture: str, cold: float = COLD_STARTS
) -> dict[str, float]:
    return {
        "transition": use.entered,
        "invocation": sum(function.invocations for function in use.functions.values()),
        architecture: sum(function.gb_seconds(megabytes, cold) for function in use.functions.values()),
        "put": use.calls("s3:PutObject"),
        "get": use.calls("s3:GetObject", "s3:GetObjectVersion"),
        "write": use.write_units,
        "read": use.read_units,
        "image": use.calls("rekognition:DetectLabels"),
        "log": use.log_bytes / _GB,
    }
