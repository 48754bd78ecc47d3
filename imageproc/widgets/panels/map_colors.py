"""What the points of an embedding map are coloured by.

The colours are Okabe and Ito's, which colour-blind people tell apart: https://jfly.uni-koeln.de/color/
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from imageproc.presentation.text import in_words, printable
from imageproc.widgets.parts.embedding_map import Group, groups_of

if TYPE_CHECKING:
    import pandas as pd

_COLORS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")
_TIMES = ("#46327E", "#365C8D", "#277F8E", "#1FA187", "#4AC16D", "#A0DA39", "#FDE725")
"""Seven steps of viridis, which grow lighter also for colour-blind people."""
_OTHER, _NONE = "#7A7A7A", "#D0D0D0"
_LONGEST = 40

Colored = tuple[tuple[Group, ...], "array[int]"]
"""The groups, and the number of each photo's group."""


def by_tag(frame: pd.DataFrame) -> Colored:
    """Colour by the seven most frequent labels; a photo with several by the least frequent of these."""
    labels = [list(names) if isinstance(names, Iterable) else [] for names in frame["tags"]]
    frequent = _most_frequent(name for names in labels for name in set(filter(None, names)))
    found = [
        next((name for name in reversed(frequent) if name in names), "" if names else None)
        for names in labels
    ]
    return _named(frequent, found, "Other labels", "No label")


def by_camera(frame: pd.DataFrame) -> Colored:
    """Colour by the seven most frequent cameras."""
    cameras = [name if isinstance(name, str) else None for name in frame["camera"]]
    frequent = _most_frequent(filter(None, cameras))
    found = [name if name in frequent or name is None else "" for name in cameras]
    return _named(frequent, found, "Other cameras", "No camera")


def by_time(frame: pd.DataFrame) -> Colored:
    """Colour by seven periods with about as many photos each, of the clock where they were taken."""
    import pandas

    days = frame["taken"].dt.date
    known = sorted(days.dropna())
    starts = sorted({known[len(known) * step // len(_TIMES)] for step in range(len(_TIMES))}) if known else []
    ends = [max(day for day in known if day < next_) for next_ in starts[1:]] + known[-1:]
    names = [
        f"{start}" if start == end else f"{start} – {end}" for start, end in zip(starts, ends, strict=True)
    ]
    found = [None if pandas.isna(day) else names[sum(start <= day for start in starts) - 1] for day in days]
    step = (len(_TIMES) - 1) / max(1, len(names) - 1)
    return _named(names, found, "", "No date", [_TIMES[round(number * step)] for number in range(len(names))])


def by_status(frame: pd.DataFrame) -> Colored:
    """Colour by status."""
    statuses = [in_words(str(status)) for status in frame["status"]]
    return _named(_most_frequent(statuses), statuses, "", "")


COLORINGS: dict[str, tuple[str, Callable[[pd.DataFrame], Colored]]] = {
    "tag": ("Label", by_tag),
    "camera": ("Camera", by_camera),
    "taken": ("Time taken", by_time),
    "status": ("Status", by_status),
}
"""What can be coloured by, under the names that `where` takes: in words, and how."""


def _most_frequent(names: Iterable[str]) -> list[str]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return sorted(counts, key=lambda name: (-counts[name], name))[: len(_COLORS)]


def _named(
    names: Sequence[str],
    found: Sequence[str | None],
    other: str,
    none: str,
    colors: Sequence[str] = _COLORS,
) -> Colored:
    """Return a group for each name that was found, for what is another ("") and for none (None)."""
    keys: list[Any] = [*names, "", None]
    shown = [key for key in keys if key in set(found)]
    texts = dict(zip(keys, [*names, other, none], strict=True))
    paints = dict(zip(keys, [*colors[: len(names)], _OTHER, _NONE], strict=True))
    number_of = {key: number for number, key in enumerate(shown)}
    group_of = array("B", [number_of[key] for key in found])
    printed = [printable(texts[key], _LONGEST) for key in shown]
    return groups_of(printed, [paints[key] for key in shown], group_of), group_of
