"""Where a visitor is, as the fragment of the page's address: `#user=ann&album=…&search=dog&photo=…`.

The browser keeps a fragment to itself: no server, log or Referer has it. No widgets, no AWS.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from urllib.parse import parse_qsl, quote, urlencode

ALL = "all"
"""In an album's place: all photos of the user."""

_LONGEST = 2000
"""Characters of a value; what is longer, nobody typed."""


@dataclass(frozen=True)
class Address:
    """A user, an album by its ID, a search and an open photo by its ID; each empty where there is none."""

    user: str = ""
    album: str = ""
    search: str = ""
    photo: str = ""

    @classmethod
    def parse(cls, fragment: str) -> Address:
        """Return what a fragment says. What it does not know, and whatever is too long, is left out."""
        known = {one.name for one in fields(cls)}
        pairs = parse_qsl(fragment.removeprefix("#"), max_num_fields=None)
        found = {name: value for name, value in pairs if name in known and len(value) <= _LONGEST}
        address = cls(**found)
        return address if address.user else cls()

    def __str__(self) -> str:
        """Return the fragment, with its `#`; empty for nowhere."""
        given = {one.name: getattr(self, one.name) for one in fields(self) if getattr(self, one.name)}
        return "#" + urlencode(given, quote_via=quote, safe="/") if given else ""

    @property
    def shows_photos(self) -> bool:
        """Whether there are photos to look at, and not the albums."""
        return bool(self.user and (self.album or self.search))

    def follows(self, before: Address) -> bool:
        """Whether this is the same place as before, a photo or a letter on: one step back leads past both."""
        if replace(self, search="", photo="") != replace(before, search="", photo=""):
            return False
        if self.photo != before.photo:
            return bool(self.photo and before.photo)
        return bool(self.search and before.search)
