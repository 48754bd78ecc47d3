"""Names that may have been meant by one that is none, upper and lower case alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

_MOST_LISTED = 40


def did_you_mean(names: Iterable[str]) -> str:
    """Return the question after these."""
    return f"Did you mean {' or '.join(map(repr, names))}?"


def closest(name: str, known: Mapping[str, str], most: int, alike: float) -> list[str]:
    """Return the names whose texts, case-folded, are at least so much `alike`, 0 to 1; the nearest first."""
    return [known[one] for one in get_close_matches(name.casefold(), known, most, alike)]


def close_names(name: str, known: Iterable[str]) -> list[str]:
    """Return at most three names that are nearly this one, or have a word that is; the nearest first."""
    names: dict[str, str] = {}
    for one in sorted(known):
        for text in (one, *one.split()):
            names.setdefault(text.casefold(), one)
    return list(dict.fromkeys(closest(name, names, 3, 0.65)))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return what may have been meant, as a sentence; if nothing is near, what there is."""
    names = {one.casefold(): one for one in sorted(known)}
    if found := closest(str(name), names, 5, 0.6):
        return did_you_mean(found)
    some = sorted(names.values())
    more = " …" if len(some) > _MOST_LISTED else ""
    return f"There are: {', '.join(some[:_MOST_LISTED])}{more}." if some else ""
