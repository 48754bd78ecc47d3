"""The photos of an album, read page by page. A view model: no widgets, and no calls to AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from imageproc import Photo


class PhotoPages:
    """Pages of photos that come from an iterator, and photos that were put before them.

    One thread, the panel's, loads and adds. Any thread may read what is known: it is replaced as a whole.
    """

    def __init__(self, source: Callable[[], Iterable[Photo]], size: int) -> None:
        """Read from what `source` returns, `size` photos a page; nothing is read yet."""
        self.size = size
        self.complete = False
        """Whether there are no photos but those that are known."""
        self._source = source
        self._rest: Iterator[Photo] | None = None
        self._photos: dict[str, Photo] = {}

    def afresh(self) -> PhotoPages:
        """Return the same photos with nothing read."""
        return PhotoPages(self._source, self.size)

    @property
    def known(self) -> list[Photo]:
        """The photos that were loaded or added."""
        return list(self._photos.values())

    def load(self, number: int) -> int:
        """Read as far as a page, and return its number, or that of the last page if there are fewer.

        Reads one photo more than the page has, to know whether others follow. Raises AwsError.
        """
        self._read((number + 1) * self.size + 1)
        return min(number, max(0, (len(self._photos) - 1) // self.size))

    def page(self, number: int) -> list[Photo]:
        """Return a page as far as it is known."""
        return self.known[number * self.size : (number + 1) * self.size]

    def follows(self, number: int) -> bool:
        """Whether a page after this one is known."""
        return len(self._photos) > (number + 1) * self.size

    def add(self, photo: Photo) -> None:
        """Put a photo first, or in its place if it is known."""
        known = self._photos
        self._photos = {**known, photo.id: photo} if photo.id in known else {photo.id: photo, **known}

    def find(self, photo_id: str) -> Photo | None:
        """Return a photo that is known."""
        return self._photos.get(photo_id)

    def _read(self, count: int) -> None:
        while len(self._photos) < count and not self.complete:
            missing = count - len(self._photos)
            try:
                self._rest = self._rest or iter(self._source())
                read = list(islice(self._rest, missing))
            except Exception:
                self._rest = None  # a generator that raised is over: the next attempt starts over
                raise
            self._photos = self._photos | {one.id: one for one in read if one.id not in self._photos}
            self.complete = len(read) < missing
