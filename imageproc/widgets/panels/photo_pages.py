"""The photos of an album, read as far as they were looked at. A view model: no widget, and no AWS."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from imageproc.client.photos import Photo


class PhotoPages:
    """Pages over photos that come from an iterator, and photos put before them. Any thread may use it."""

    def __init__(self, source: Callable[[], Iterable[Photo]], size: int) -> None:
        """Read from what `source` returns, `size` photos a page; nothing is read yet."""
        self.size = size
        self._source = source
        self._lock = threading.RLock()
        self.restart()

    def restart(self) -> None:
        """Forget what was read: the next page is read anew."""
        with self._lock:
            self._rest: Iterator[Photo] = iter(())
            self._begun = self._ended = False
            self._photos: dict[str, Photo] = {}

    @property
    def known(self) -> list[Photo]:
        """The photos that were read or added."""
        with self._lock:
            return list(self._photos.values())

    @property
    def complete(self) -> bool:
        """Whether no more follow those that are known."""
        return self._ended

    def page(self, number: int) -> tuple[int, list[Photo]]:
        """Return a page, or the last one if there are not so many, and its number.

        Reads one photo more than is shown, to know whether others follow. Raises AwsError.
        """
        with self._lock:
            self._read((number + 1) * self.size + 1)
            number = min(number, max(0, (len(self._photos) - 1) // self.size))
            return number, self.known[number * self.size : (number + 1) * self.size]

    def read_all(self) -> None:
        """Read what is left: for photos that are in memory already."""
        with self._lock:
            self._read(sys.maxsize)

    def follows(self, number: int) -> bool:
        """Whether there is a page after this one."""
        with self._lock:
            return len(self._photos) > (number + 1) * self.size

    def add(self, photo: Photo) -> None:
        """Put a photo first, or where it is known, in its place."""
        with self._lock:
            if photo.id in self._photos:
                self._photos[photo.id] = photo
            else:
                self._photos = {photo.id: photo, **self._photos}

    def find(self, photo_id: str) -> Photo | None:
        """Return a photo that is known."""
        with self._lock:
            return self._photos.get(photo_id)

    def _read(self, count: int) -> None:
        if not self._begun:
            self._rest, self._begun = iter(self._source()), True
        while len(self._photos) < count and not self._ended:
            wanted = count - len(self._photos)
            try:
                read = list(islice(self._rest, wanted))
            except Exception:
                self._begun = False  # a generator that raised is over: the next try begins anew
                raise
            for photo in read:
                self._photos.setdefault(photo.id, photo)
            self._ended = len(read) < wanted
