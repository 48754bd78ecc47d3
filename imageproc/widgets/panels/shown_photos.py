"""The photos that a gallery shows, as they were found at one moment. A view model: no widgets.

Known of each are its ID, shape, day and place. The records of those in view are asked of the catalog.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from operator import ge, le
from threading import Lock

from imageproc import Album, Photo, PhotoView
from imageproc.widgets.parts.gallery import Layout

MOST = 100_000
"""Photos that a gallery shows at most."""

ORDERS: dict[str, tuple[str, str, bool]] = {
    "taken-newest": ("Newest taken", "taken", True),
    "taken-oldest": ("Oldest taken", "taken", False),
    "uploaded-newest": ("Newest upload", "uploaded", True),
    "uploaded-oldest": ("Oldest upload", "uploaded", False),
    "name": ("Name", "name", False),
    "size": ("Largest file", "file_size", True),
}
"""What a gallery can be sorted by: in words, the field, and whether it descends."""

_STORED = {f"{'-' if descending else ''}{field}": name for name, (_, field, descending) in ORDERS.items()}
"""The orders by the names under which an album stores them."""

_COMING = "processing goes on"

_AS_GIVEN = "given"
"""A view's own order."""

NEWEST = "taken-newest"
"""The order of what has none of its own."""

_KEPT = 2000
"""Records that are kept at hand."""

_ENOUGH = 5
"""Photos below a day's or month's heading, on average: with fewer, longer times are better."""
_ENOUGH_OF_YEARS = 2
"""The same, of years and decades, which few photos over a long time are found by."""


def own_order(album: Album | None) -> str:
    """Return the order of an album, or of a view, which keeps its own."""
    return _STORED.get(album.sort_order or "", NEWEST) if album else _AS_GIVEN


def is_dated(order: str) -> bool:
    """Whether photos in this order may have headings: it goes by a time, or is not known."""
    return order not in ORDERS or ORDERS[order][1] in ("taken", "uploaded")


def offered_orders(order: str) -> list[tuple[str, str]]:
    """Return the orders that are offered beside this one, each with its words."""
    orders = [(name, words) for name, (words, _, _) in ORDERS.items()]
    return [(_AS_GIVEN, "As given"), *orders] if order == _AS_GIVEN else orders


def sorted_view(view: PhotoView, order: str) -> PhotoView:
    """Return the same photos in one of the orders; as they are if it is empty."""
    if order not in ORDERS:
        return view
    _, field, descending = ORDERS[order]
    return view.sort_by(field, descending=descending)


def sorted_python(view: str, order: str) -> str:
    """Return the Python that sorts the view that some Python makes."""
    if order not in ORDERS:
        return view
    _, field, descending = ORDERS[order]
    whole = f"({view})" if " & " in view else view
    return f"{whole}.sort_by({field!r}{', descending=True' if descending else ''})"


class ShownPhotos:
    """Photos by their numbers from 0. Any thread may ask."""

    def __init__(self, view: PhotoView, *, dated: bool = True) -> None:
        """Read a view's outline; with headings if it is sorted by a time. Raises QueryError, AwsError."""
        self.view = view
        self._outline = view.outline(MOST)
        shown = len(self._outline.ids)
        self.total = shown if shown < MOST else view.count()
        """How many there are, also of those that are not shown."""
        self._dated = dated
        self._records: OrderedDict[str, Photo] = OrderedDict()
        self._lock = Lock()

    @property
    def ids(self) -> list[str]:
        """The IDs, in order."""
        return self._outline.ids

    @property
    def places(self) -> dict[int, tuple[float, float]]:
        """Latitude and longitude of those that have them, by number."""
        return self._outline.places

    @cached_property
    def layout(self) -> Layout:
        """How they are laid out."""
        days = self._outline.days if self._dated else []
        left = self.total - len(self.ids)
        note = (
            f"These are the first {len(self.ids):,} of {self.total:,}. Search to see others."
            if left > 0
            else ""
        )
        return Layout(self._outline.aspects, tuple(headings(days)), note)

    def number(self, photo_id: str) -> int | None:
        """Return a photo's number, None if it is not shown."""
        return self._numbers.get(photo_id)

    def between(self, first: int, end: int) -> list[Photo | None]:
        """Return those from a number to before another; None for one that is gone. Raises AwsError."""
        ids = self.ids[first:end]
        with self._lock:
            found = {one: self._records[one] for one in ids if one in self._records}
        missing = [one for one in ids if one not in found]
        if missing:
            some = replace(self.view.photos.where(id=missing), hidden=self.view.hidden)
            with some.photos.catalog.unsynced():  # as they were found, also if AWS does not answer any more
                read = {photo.id: photo for photo in some}
            found |= read
            self._keep(read)
        return [found.get(one) for one in ids]

    def find(self, photo_id: str) -> Photo | None:
        """Return a photo that is shown. Raises AwsError."""
        number = self.number(photo_id)
        return None if number is None else self.between(number, number + 1)[0]

    def put(self, photo: Photo) -> None:
        """Know a photo as it is now."""
        self._keep({photo.id: photo})

    def chosen(self, ranges: Iterable[Sequence[int]]) -> list[str]:
        """Return the IDs of those in ranges, each as the first and the last number."""
        return [one for first, last in ranges for one in self.ids[first : last + 1]]

    def ranges(self, ids: Iterable[str]) -> list[tuple[int, int]]:
        """Return those of these photos that are shown, as ranges of numbers."""
        found: list[tuple[int, int]] = []
        for number in sorted({self._numbers[one] for one in ids if one in self._numbers}):
            if found and found[-1][1] == number - 1:
                found[-1] = found[-1][0], number
            else:
                found.append((number, number))
        return found

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {one: number for number, one in enumerate(self.ids)}

    def _keep(self, read: dict[str, Photo]) -> None:
        with self._lock:
            self._records.update(read)
            while len(self._records) > _KEPT:
                self._records.popitem(last=False)


def headings(days: Sequence[date | None]) -> Iterator[tuple[int, str]]:
    """Yield a heading for each day, month, year or decade, whichever has enough photos, and where it begins.

    There are none where no photo has a date, nor over an order that does not go by the date.
    """
    dates = {day for day in days if day}
    text = _spans(dates, len(days)) if dates and _go_by_date(days) else None
    last = None
    if text is None:
        return
    texts = {None: "No date"} | {day: text(day) for day in dates}
    for number, day in enumerate(days):
        shown = texts[day]
        if shown != last:
            yield number, shown
            last = shown


def _spans(dates: set[date], photos: int) -> Callable[[date], str] | None:
    """Return what names the shortest time that has enough of so many photos; None if none has."""
    enough = ((_day, _ENOUGH), (_month, _ENOUGH), (_year, _ENOUGH_OF_YEARS), (_decade, _ENOUGH_OF_YEARS))
    return next((text for text, least in enough if photos >= least * len(set(map(text, dates)))), None)


def _go_by_date(days: Sequence[date | None]) -> bool:
    """Whether dates only rise or only fall, and those without one are together at an end."""
    dated = [day for day in days if day]
    left = len(days) - len(dated)
    if left and any(days[:left]) and any(days[-left:]):
        return False
    return all(map(le, dated, dated[1:])) or all(map(ge, dated, dated[1:]))


def _day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def _month(day: date) -> str:
    return f"{day:%B} {day.year}"


def _year(day: date) -> str:
    return str(day.year)


def _decade(day: date) -> str:
    return f"{day.year // 10}0s"


@dataclass(frozen=True)
class Counts:
    """How many photos were found, of how many, and how many of them have a place."""

    found: int
    of: int
    placed: int
    coming: bool = False
    """Whether some are being uploaded or processed: there may be more soon."""

    def __str__(self) -> str:
        """Return them in words."""
        photos = "photo" if self.of == 1 else "photos"
        found = (
            f"{self.found:,} of {self.of:,} {photos}" if self.found != self.of else f"{self.of:,} {photos}"
        )
        parts = (found, f"{self.placed:,} on the map" if self.placed else "", _COMING if self.coming else "")
        return " · ".join(filter(None, parts))
