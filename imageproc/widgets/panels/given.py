"""What a panel is given to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imageproc import Album, PhotoView
from imageproc.errors import InvalidArgumentError

if TYPE_CHECKING:
    from imageproc import Workbench
    from imageproc.client.albums import AlbumLike


def given_album(workbench: Workbench, album: AlbumLike | None) -> Album | None:
    """Return the album that is meant: itself, its ID or its name; None is none.

    Raises AlbumNotFoundError, InvalidArgumentError, AwsError.
    """
    if isinstance(album, PhotoView):
        raise InvalidArgumentError(f"An album cannot be {album!r}.", f"Give it by name: view={album.written}")
    return album if album is None or isinstance(album, Album) else workbench.albums.get(album)
