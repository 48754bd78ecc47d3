"""Who may write a photo's record: the rules, each as the write that it allows and the condition for it.

A record is about one *version* of the original: `versionId` names it. Writing that attribute claims the
record; every later write holds only while the record is still about the writer's version.

- An upload (S3's event) claims the record if it is newer than the one the record is about, by S3's
  `sequencer`. Events arrive at least once and in no fixed order.
- Whoever processes a photo again claims it if the record is still the one that was read.
- A photo is moved to another album if it is still in the one where it was seen. Processing the same version
  again, or to its end, leaves it there; a newer upload names its own album.
- A correction of a label holds if the label's correction is still the one that was read: two people who
  correct different labels do not meet, and of two who correct the same one the later reads what the earlier
  said and keeps it. No version is asked: corrections are people's, and outlast processing.
- A copy takes its photo's corrections unless it ever had any of its own, also before its upload claims it.
- The SDK repeats a write whose answer was lost. A claim that finds itself in the record is therefore granted
  again; docs/reference/records.md tells the whole story.

`imageproc.aws.record_store` performs the writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from imageproc.core.attributes import (
    ALBUM_ID,
    EXECUTION_ARN,
    EXECUTION_START_TIME,
    IMAGE_ID,
    LABEL_CORRECTIONS,
    PIPELINE_ATTRIBUTES,
    S3_KEY,
    SEQUENCER,
    STATUS,
    UPLOAD_TIME,
    VERSION_ID,
)
from imageproc.core.corrections import MAX_CORRECTIONS, to_stored
from imageproc.core.keys import is_express
from imageproc.core.record import PhotoRecord, Status

if TYPE_CHECKING:
    from imageproc.core.label import Correction


@dataclass(frozen=True)
class Condition:
    """What must hold of a record for it to be written: a DynamoDB expression, and its values."""

    expression: str
    values: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    """Of the expression's placeholders."""


@dataclass(frozen=True)
class RecordChange:
    """One write to a record, which is created if it does not exist."""

    values: Mapping[str, Any]
    """The attributes to set."""
    remove: tuple[str, ...] = ()
    """The attributes to remove, unless they are set."""
    keep: tuple[str, ...] = ()
    """Those of `values` that are set only where the record has none."""
    condition: Condition | None = None
    within: Mapping[str, str] = field(default_factory=dict)
    """Attributes that are maps of which one key is set or removed, and that key."""


class LateClaim(Enum):
    """What an upload does whose claim was refused."""

    START = auto()
    """An earlier delivery of the same event claimed the record, and stopped before the execution."""
    ADD_SEQUENCER = auto()
    """A client has started this very version: the record only lacks the sequencer."""
    DROP = auto()
    """A newer upload owns the record, or this one's execution was started."""


def claim_for_upload(key: str, sequencer: str, found: Mapping[str, Any]) -> RecordChange:
    """Return the claim of an upload that S3 reports; `found` are the attributes that S3 has of the object.

    S3's sequencers of one key compare as strings. A record that a client claimed has none; then the upload
    times decide.
    """
    newer = (
        f"({SEQUENCER} < :sequencer OR (attribute_not_exists({SEQUENCER}) AND "
        f"(attribute_not_exists({UPLOAD_TIME}) OR {UPLOAD_TIME} <= :time)))"
    )
    values = {":sequencer": sequencer, ":time": found[UPLOAD_TIME]}
    if version := found.get(VERSION_ID):
        newer += f" AND ({VERSION_ID} <> :mine OR attribute_not_exists({EXECUTION_ARN}))"
        values[":mine"] = version
    claimed = {S3_KEY: key, SEQUENCER: sequencer, STATUS: Status.UPLOADED, **found}
    return RecordChange(claimed, PIPELINE_ATTRIBUTES, condition=Condition(newer, values))


def after_refused_claim(record: PhotoRecord | None, sequencer: str, version_id: str | None) -> LateClaim:
    """Return what an upload does whose claim was refused, by the record that refused it."""
    if record is None:
        return LateClaim.DROP
    if record.sequencer == sequencer:
        return LateClaim.DROP if record.execution_arn else LateClaim.START
    return LateClaim.ADD_SEQUENCER if record.version_id == version_id else LateClaim.DROP


def claim_again(
    key: str,
    found: Mapping[str, Any],
    record: PhotoRecord | None,
    execution: Mapping[str, Any] | None = None,
) -> RecordChange:
    """Return the claim for processing a photo again, in its newest version, of which S3 has `found`.

    `record` is what was read before; the claim holds if it is still about the same version. `execution`
    is `started_execution` of the one that is going to work on it, if it is known by then. What another
    version had is removed; of the same version the album stays, to which the photo may have been moved.
    """
    known, mine = record.version_id if record else None, found.get(VERSION_ID)
    execution_arn = (execution or {}).get(EXECUTION_ARN)
    unchanged = f"{VERSION_ID} = :known" if known else f"attribute_not_exists({VERSION_ID})"
    values = {":known": known} if known else {}
    if mine:
        same = f"{EXECUTION_ARN} = :arn" if execution_arn else f"attribute_not_exists({EXECUTION_ARN})"
        unchanged += f" OR ({VERSION_ID} = :mine AND {same})"
        values |= {":mine": mine} | ({":arn": execution_arn} if execution_arn else {})
    claimed = {S3_KEY: key, STATUS: Status.UPLOADED, **found, **(execution or {})}
    condition = Condition(unchanged, values)
    if known == mine:
        return RecordChange(claimed, keep=(ALBUM_ID,), condition=condition)
    return RecordChange(claimed, PIPELINE_ATTRIBUTES, condition=condition)


def started_execution(arn: str, started: datetime) -> dict[str, Any]:
    """Return what a record says of its execution: the ARN, and when it began if nothing else says so."""
    values: dict[str, Any] = {EXECUTION_ARN: arn}
    if is_express(arn):
        values[EXECUTION_START_TIME] = round(started.timestamp() * 1000)
    return values


def write_as(
    version_id: str | None,
    values: Mapping[str, Any],
    remove: tuple[str, ...] = (),
    keep: tuple[str, ...] = (),
) -> RecordChange:
    """Return a write that holds while the record is about this version, or about none.

    It always holds if the version is not known: of a bucket without versions.
    """
    if version_id is None:
        return RecordChange(values, remove, keep)
    expression = f"attribute_not_exists({VERSION_ID}) OR {VERSION_ID} = :mine"
    return RecordChange(values, remove, keep, Condition(expression, {":mine": version_id}))


def move(found_in: str | None, album_id: str) -> RecordChange:
    """Return the move of a photo to another album; `found_in` is the album in which it was seen.

    It holds while the photo exists and is still in that album, or in the other one already.
    """
    there = f"{ALBUM_ID} = :to OR " + (
        f"{ALBUM_ID} = :from" if found_in else f"attribute_not_exists({ALBUM_ID})"
    )
    values = {":to": album_id} | ({":from": found_in} if found_in else {})
    expression = f"attribute_exists({IMAGE_ID}) AND ({there})"
    return RecordChange({ALBUM_ID: album_id}, condition=Condition(expression, values))


def correct(label: str, found: Correction | None, then: Correction | None) -> RecordChange:
    """Return the write of what is said of a label, or with None that nothing is; `found` is what was said.

    It holds while just that is said of it, and as long as few enough labels are corrected. The map must be
    there: see `begin_corrections`.
    """
    names = {"#corrections": LABEL_CORRECTIONS, "#label": label}
    if found is None:
        expression = "attribute_not_exists(#corrections.#label) AND size(#corrections) < :most"
        values: dict[str, Any] = {":most": MAX_CORRECTIONS}
    else:
        names |= {"#at": "at", "#by": "by"}
        expression = "#corrections.#label.#at = :at AND #corrections.#label.#by = :by"
        stored = to_stored(found)
        values = {":at": stored["at"], ":by": stored["by"]}
    condition = Condition(f"attribute_exists(#corrections) AND {expression}", values, names)
    within = {LABEL_CORRECTIONS: label}
    if then is None:
        return RecordChange({}, (LABEL_CORRECTIONS,), condition=condition, within=within)
    return RecordChange({LABEL_CORRECTIONS: to_stored(then)}, condition=condition, within=within)


def copy_corrections(corrections: Iterable[Correction], key: str, album_id: str) -> RecordChange:
    """Return the write of what is said of a photo's labels to its copy, an original in an album.

    It changes nothing of which anything was ever said. If the copy's upload has not claimed the record yet,
    it makes one that waits for that; the claim leaves the corrections there.
    """
    stored = {one.label: to_stored(one) for one in corrections}
    values = {LABEL_CORRECTIONS: stored, S3_KEY: key, ALBUM_ID: album_id, STATUS: Status.UPLOADED}
    return RecordChange(values, keep=tuple(values))


def begin_corrections() -> RecordChange:
    """Return the write of the map for corrections, unless it is there; it holds if the photo exists."""
    exists = Condition(f"attribute_exists({IMAGE_ID})")
    return RecordChange({LABEL_CORRECTIONS: {}}, keep=(LABEL_CORRECTIONS,), condition=exists)
