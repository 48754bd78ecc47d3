"""The state machine's input: which version of which photo, and what of it is to be made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imageproc.core.attributes import ORIGINAL
from imageproc.core.keys import execution_name
from imageproc.core.original import Original, from_attribute
from imageproc.core.parts import Part, is_wanted

State = Mapping[str, Any]
"""The state machine's data, JSON: its input, with each step's result added under a name of its own."""


def correlation_id(state: State) -> str:
    """Return what joins the log lines of one execution: its name. Empty if no photo is named.

    An execution that was started by hand cannot know its name; it takes the one that the upload's own has.
    """
    if given := state.get("correlationId"):
        return str(given)
    bucket, key = state.get("s3Bucket"), state.get("s3Key")
    return execution_name(bucket, key, state.get("versionId", "")) if bucket and key else ""


@dataclass(frozen=True)
class ExecutionInput:
    """One version of one photo, and what of it is to be made."""

    bucket: str
    key: str
    photo_id: str
    version_id: str | None = None
    """The version of the object; in an input without one, the version whose metadata was extracted."""
    original: Original | None = None
    """Where the original is, if it stays in another bucket: known when the metadata was extracted."""
    pinned: bool = False
    """Whether the input named the version. Started by hand without one, it takes the newest."""
    only: tuple[str, ...] = ()
    """The parts to make, `imageproc.core.parts.Part`; empty for all."""
    has_thumbnail: bool = False
    """Whether the record named a thumbnail when the photo was begun again: it is looked at first."""
    correlation_id: str = ""
    """What the input has of `correlation_id`: nothing in one that was started by hand."""

    @classmethod
    def from_state(cls, state: State) -> ExecutionInput:
        """Read the input, and what the steps before added.

        Raises ValueError if one of `s3Bucket`, `s3Key` and `objectID` is missing.
        """
        absent = [name for name in ("s3Bucket", "s3Key", "objectID") if not state.get(name)]
        if absent:
            raise ValueError(
                f"the execution's input lacks {', '.join(absent)}: it needs s3Bucket, s3Key, objectID"
            )
        extracted = state.get("extractedMetadata", {}).get("attributes", {})
        return cls(
            bucket=state["s3Bucket"],
            key=state["s3Key"],
            photo_id=state["objectID"],
            version_id=extracted.get("versionId") or state.get("versionId"),
            original=from_attribute(extracted[ORIGINAL]) if ORIGINAL in extracted else None,
            pinned=bool(state.get("versionId")),
            only=tuple(state.get("only") or ()),
            has_thumbnail=bool(state.get("hasThumbnail")),
            correlation_id=state.get("correlationId", ""),
        )

    def to_state(self) -> dict[str, Any]:
        """Return the execution's input."""
        state: dict[str, Any] = {"s3Bucket": self.bucket, "s3Key": self.key, "objectID": self.photo_id}
        optional = {
            "versionId": self.version_id,
            "only": list(self.only),
            "hasThumbnail": self.has_thumbnail,
            "correlationId": self.correlation_id,
        }
        return state | {name: value for name, value in optional.items() if value}

    def wants(self, part: Part) -> bool:
        """Whether this part is to be made."""
        return is_wanted(part, self.only)
