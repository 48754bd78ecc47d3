"""The tags that occur in a catalog, by name, and words of other texts that may have been meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from imageproc.catalog.near_words import labels, near_labels
from imageproc.core.close_names import closest, did_you_mean, nearest
from imageproc.errors import QueryError

_WORD = re.compile(r"[^\W_]+")

_LETTERS = re.compile(r"[^\W\d_]{4,}")
"""Words that are long enough to be seen to be misspelled."""

_MISSPELLED = 0.8
"""How much two words are alike of which one is the other misspelled: Cannon is Canon to 0.9."""


class TagNames:
    """Tags, found upper and lower case alike, and by the beginnings of their words."""

    def __init__(self, texts: Callable[[str], Iterable[str]] = lambda _: ()) -> None:
        """Begin without any tags. `texts` returns what a column of the records has."""
        self._by_name: dict[str, set[str]] = {}
        self._texts = texts

    def add(self, tags: Iterable[str]) -> None:
        """Know these tags, too."""
        for tag in tags:
            self._by_name.setdefault(tag.casefold(), set()).add(tag)

    def spelled(self, tag: str) -> list[str]:
        """Return the tags of this name. Raises QueryError if there is none, with the nearest ones.

        A label that no photo has yet is no wrong name. Nor is any where there are no tags at all yet.
        """
        name = tag.casefold()
        if self._by_name and name not in self._by_name and name not in labels():
            known = [one for found in list(self._by_name.values()) for one in found]
            if meant := near_labels(name):
                raise QueryError(f"No photo has the tag {tag!r}.", did_you_mean(meant))
            near = closest(name, labels(), 3, 0.7)
            raise QueryError(f"No photo has the tag {tag!r}.", nearest(tag, [*near, *known]))
        return sorted(self._by_name.get(tag.casefold(), ()))

    def beginning(self, word: str) -> list[str]:
        """Return the tags in which a word begins like this."""
        start = word.casefold()
        return sorted(
            tag
            for name, tags in list(self._by_name.items())
            if any(name.startswith(start, match.start()) for match in _WORD.finditer(name))
            for tag in tags
        )

    def check(self, column: str, pattern: str) -> None:
        """Raise QueryError if a word of a pattern is in no text of a column, and one is that is nearly it.

        So it does if the pattern is a single word that texts have only among others: Canon, without a `*`.
        Numbers are no words: another model of the same make is not misspelled.
        """
        known: dict[str, str] = {}
        texts = list(self._texts(column))
        for text in texts:
            known |= {word.casefold(): word for word in _LETTERS.findall(text)}
        if pattern.casefold() in known and pattern.casefold() not in map(str.casefold, texts):
            begins = any(text.casefold().startswith(pattern.casefold()) for text in texts)
            meant = f"{pattern}*" if begins else f"*{pattern}*"
            raise QueryError(
                f"No photo has just {pattern!r} as its {column}.", f"Did you mean {meant!r}? * is any text."
            )
        for word in _LETTERS.findall(pattern):
            name = word.casefold()
            if not any(name in one for one in known) and (near := closest(name, known, 3, _MISSPELLED)):
                raise QueryError(f"No photo has a {column} with {word!r}.", did_you_mean(near))
