"""What people correct of a photo's labels: which labels a photo has in the end, and what may be written.

The machine's labels stay as they are stored. Corrections lie beside them, one for each label, and the labels
that count are computed from both, so that processing a photo again takes nothing back.

>>> from datetime import UTC, datetime
>>> said = Correction("Dog", CorrectionAction.RENAMED, "ann", datetime(2026, 1, 1, tzinfo=UTC), to="Wolf")
>>> [(label.name, label.by) for label in effective([Label("Dog", 90.0), Label("Grass", 80.0)], [said])]
[('Wolf', 'ann'), ('Grass', None)]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from imageproc.core.label import Correction, CorrectionAction, Label
from imageproc.errors import CorrectionError

MAX_LABEL = 64
"""Characters of a label's name."""

MAX_BY = 64
"""Characters of a person's name."""

MAX_CORRECTIONS = 100
"""Labels of a photo that are corrected. With all that is kept of each (at most 2 kB) that is 200 KB of the
400 KB that an item of DynamoDB may have:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""

MAX_BEFORE = 3
"""Earlier corrections that are kept of a label."""

SURE = 100.0
"""A person's confidence."""

_TICK = timedelta(milliseconds=1)


def effective(machine: Iterable[Label], corrections: Iterable[Correction]) -> tuple[Label, ...]:
    """Return the labels that count, the most confident first: the machine's, as people corrected them.

    Corrections apply in the order of their times. A label that was renamed keeps its boxes, but not its
    parents, which are the other thing's and go with it where nothing else speaks for them; and it is there
    also if the machine does not find the first one any more. What was removed is no parent of another label
    either.
    """
    found = {label.name: label for label in machine}
    removed, of_others = set[str](), set[str]()
    for one in sorted(corrections, key=lambda one: one.at):
        before = found.pop(one.label, None)
        if before and one.action is CorrectionAction.RENAMED:
            of_others.update(before.parents)
        if one.action is not CorrectionAction.ADDED:
            removed.add(one.label)
        name = {CorrectionAction.ADDED: one.label, CorrectionAction.RENAMED: one.to}.get(one.action)
        if name:
            removed.discard(name)
            found[name] = _said(name, one, before, found.get(name))
    removed |= _unsupported(found, of_others)
    return tuple(sorted(without(found.values(), removed), key=lambda label: -label.confidence))


def without(labels: Iterable[Label], names: AbstractSet[str]) -> tuple[Label, ...]:
    """Return labels without those of these names, which are no parents of the others either."""
    if not names:
        return tuple(labels)
    kept = (label for label in labels if label.name not in names)
    return tuple(
        replace(label, parents=tuple(one for one in label.parents if one not in names)) for label in kept
    )


def applying(corrections: Iterable[Correction], content_hash: str | None) -> tuple[Correction, ...]:
    """Return those corrections that are about this picture: all but those of other contents."""
    return tuple(
        one
        for one in corrections
        if not (one.content_hash and content_hash) or one.content_hash == content_hash
    )


def next_correction(earlier: Correction | None, new: Correction) -> Correction:
    """Return a new correction of a label with the earlier ones behind it, and later than they are."""
    if earlier is None:
        return new
    before = (replace(earlier, before=()), *earlier.before)[:MAX_BEFORE]
    return replace(new, at=max(new.at, earlier.at + _TICK), before=before)


def undone(correction: Correction) -> Correction | None:
    """Return what was said of the label before; None if nothing was."""
    if not correction.before:
        return None
    return replace(correction.before[0], before=correction.before[1:])


def checked_label(name: str) -> str:
    """Return a label's name without spaces around it. Raises CorrectionError for one that cannot be kept."""
    text = " ".join(name.split()) if isinstance(name, str) else ""
    if not text or len(text) > MAX_LABEL or not text.isprintable():
        shown = repr(name if len(str(name)) <= MAX_LABEL else f"{str(name)[:MAX_LABEL]}…")
        raise CorrectionError(
            f"A label cannot be {shown}.", f"Give a name of 1 to {MAX_LABEL} printable characters."
        )
    return text


def checked_person(name: str) -> str:
    """Return a person's name. Raises CorrectionError for one that cannot be kept."""
    if not isinstance(name, str) or not name or len(name) > MAX_BY or not name.isprintable():
        shown = name[: MAX_BY + 1] if isinstance(name, str) else name
        raise CorrectionError(
            f"{shown!r} cannot be used as a person's name.",
            f"Give a name of 1 to {MAX_BY} printable characters.",
        )
    return name


def now_ms(seconds: float) -> datetime:
    """Return epoch seconds as a time to the millisecond."""
    return _time(int(seconds * 1000))


def to_stored(correction: Correction) -> dict[str, Any]:
    """Return what is stored of a correction, under its label's name."""
    stored: dict[str, Any] = {
        "action": str(correction.action),
        "by": correction.by,
        "at": round(correction.at.timestamp() * 1000),
    }
    stored |= {"to": correction.to} if correction.to else {}
    stored |= {"contentHash": correction.content_hash} if correction.content_hash else {}
    earlier = [to_stored(one) for one in correction.before]
    return stored | ({"before": earlier} if earlier else {})


def from_stored(label: str, stored: Mapping[str, Any]) -> Correction:
    """Return a correction of what is stored. Raises KeyError, TypeError, ValueError for anything else."""
    action, to = CorrectionAction(stored["action"]), stored.get("to")
    texts = (label, stored["by"], *filter(None, (to, stored.get("contentHash"))))
    if not all(isinstance(text, str) for text in texts) or (action is CorrectionAction.RENAMED) != bool(to):
        raise ValueError(stored)
    before = tuple(from_stored(label, one) for one in stored.get("before", ()))
    return Correction(label, action, stored["by"], _time(stored["at"]), to, stored.get("contentHash"), before)


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds // 1000, UTC) + timedelta(milliseconds=milliseconds % 1000)


def _unsupported(found: Mapping[str, Label], parents: Iterable[str]) -> set[str]:
    """Return those of these parents that are no others' either, and that no box and no person speaks for."""
    left = {name for name in parents if name in found and not (found[name].boxes or found[name].by)}
    while True:
        needed = {name for label in found.values() if label.name not in left for name in label.parents}
        if not left & needed:
            return left
        left -= needed


def _said(name: str, correction: Correction, before: Label | None, there: Label | None) -> Label:
    """Return the label that a person said is there, with the boxes of what it was and is."""
    boxes = tuple(box for label in (before, there) if label for box in label.boxes)
    own = before if before and before.name == name else there
    return Label(name, SURE, own.parents if own else (), boxes, by=correction.by)
