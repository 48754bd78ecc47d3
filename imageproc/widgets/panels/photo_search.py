"""What a search bar offers for a view: values with counts, and what a text may become. No widgets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from imageproc import Album, PhotoView, Workbench
from imageproc.client.photos.search import FIELDS, Search, term_text
from imageproc.core.close_names import close_names, did_you_mean
from imageproc.widgets.parts.search_bar import Facet, FacetValue, Suggestion

HELP = (
    "Words search names, tags, cameras and descriptions. Terms: tag:Dog  tag:Dog>90  camera:canon  "
    "taken:2014-05..2014-09  near:52.5,13.4,50km  has:place  status:failed  megapixels:12..  "
    "-tag:Cat (not)  status:failed,rejected (or). A noun that is found nowhere finds near labels "
    "(sofa → Couch); what a sentence describes is not understood."
)
PLACEHOLDER = "Search: dog  camera:canon  taken:2014  has:place"

NOT_FOUND = "No photo is like this. Remove a condition to see more."

_FACETS = {
    "Tags": "tag",
    "Cameras": "camera",
    "Years": "year",
    "Status": "status",
    "Albums": "album",
    "Place": "has_place",
}
_MOST_VALUES = 12
_MOST_SUGGESTIONS = 10
_LISTED = ("tag", "camera", "lens", "album", "status", "format", "user", "make", "model")
"""Fields whose values are suggested."""


class SearchHelp:
    """Counts of a view's photos; each field is asked for once."""

    def __init__(self, view: PhotoView) -> None:
        """Offer what is among these photos."""
        self._view = view
        self._counts = cache(self._read)

    def facets(self) -> list[Facet]:
        """Return the fields with their most frequent values; a field with one value narrows nothing."""
        return [
            facet for title, field in _FACETS.items() if len((facet := self._facet(title, field)).values) > 1
        ]

    def suggestions(self, text: str, caret: int) -> list[Suggestion]:
        """Return what the term at the caret may become, the most frequent first."""
        before, after = text[:caret], text[caret:]
        start = _begin(before)
        minus, word = re.match(r"(-?)(.*)", before[start:], re.DOTALL).groups()  # type: ignore[union-attr]
        field, colon, begun = word.partition(":")
        if colon and field.casefold() in _LISTED:
            found = self._values(field.casefold(), begun)
        elif colon or not word:
            return []
        else:
            found = self._anything(word)
        return [
            Suggestion(f"{before[:start]}{minus}{term}{after}", term, detail)
            for _, term, detail in sorted(found, key=lambda one: -one[0])[:_MOST_SUGGESTIONS]
        ]

    def not_found(self, search: Search) -> str:
        """Return what to say where a search finds nothing: a word may be a misspelled tag."""
        words = [one["text"] for term in search.terms for one in term.conditions if "text" in one]
        near = [name for word in words for name in close_names(str(word), self._counts("tag"))]
        return f"No photo is like this. {did_you_mean(near[:3])}" if near else NOT_FOUND

    def _anything(self, word: str) -> list[tuple[int, str, str]]:
        known = [one for field in ("tag", "camera", "album") for one in self._values(field, word)]
        fields = [one for one in FIELDS if one.startswith(word.casefold())]
        return [*((10**9, f"{one}:", "field") for one in fields[:3]), *known]

    def _values(self, field: str, begun: str) -> list[tuple[int, str, str]]:
        wanted = begun.replace('"', "").casefold()
        return [
            (count, term_text(field, value), f"{field} · {count:,}")
            for value, count in self._counts(field).items()
            if value is not None and (not wanted or f" {wanted}" in f" {str(value).casefold()}")
        ]

    def _facet(self, title: str, field: str) -> Facet:
        return Facet(title, tuple(_facet_values(field, self._counts(field)))[:_MOST_VALUES])

    def _read(self, field: str) -> Mapping[Any, int]:
        return self._view.tags() if field == "tag" else self._view.facets(field)


@dataclass(frozen=True)
class Searched:
    """What is searched: all photos of an album or a view."""

    view: PhotoView
    version: tuple[str, int]
    """What of the table was known."""
    help: SearchHelp = field(compare=False)

    @classmethod
    def read(cls, workbench: Workbench, source: Album | PhotoView) -> Searched:
        """Return what is to be searched as it is now. Raises AlbumNotFoundError, CatalogError, AwsError."""
        workbench.catalog.sync()
        if isinstance(source, Album):
            source = workbench.albums.current(source)  # labels may have been hidden
        return cls.known(workbench, source)

    @classmethod
    def known(cls, workbench: Workbench, source: Album | PhotoView) -> Searched:
        """Return what is to be searched as it was when the table was last asked. Raises CatalogError."""
        view = workbench.photos.where(album=source) if isinstance(source, Album) else source
        return cls(view, workbench.catalog.version, SearchHelp(view))


def _facet_values(field: str, counts: Mapping[Any, int]) -> Iterator[FacetValue]:
    values = sorted(counts.items(), key=lambda one: -(one[0] or 0)) if field == "year" else counts.items()
    for value, count in values:
        if field == "has_place":
            yield FacetValue(
                "On the map" if value else "No place", count, "has:place" if value else "-has:place"
            )
        elif field == "year":
            yield FacetValue(
                *(("No date", count, "-has:date") if value is None else (str(value), count, f"taken:{value}"))
            )
        elif value is not None:
            yield FacetValue(
                value.capitalize() if field == "status" else str(value), count, term_text(field, value)
            )


def _begin(text: str) -> int:
    """Return where the last term of a text begins: after the last space that is not in quotation marks."""
    quoted, start = False, 0
    for index, one in enumerate(text):
        quoted ^= one == '"'
        if one.isspace() and not quoted:
            start = index + 1
    return start
