"""Files looked at before they are uploaded, and the photo IDs that they get."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from imageproc.catalog.new_files import given_path
from imageproc.client.cancellation import Cancellation
from imageproc.client.uploads.events import PreparedFile, Refusal, RefusedFile
from imageproc.core.formats import CONTENT_TYPES, SNIFF_BYTES, sniff
from imageproc.core.keys import MAX_KEY_BYTES, thumbnail_key
from imageproc.core.limits import check_bytes
from imageproc.errors import ImageRejectedError, ImageTooLargeError, UploadError

_LEADS_OUT = "It is a symbolic link that leads out of the folder: name what it leads to instead."

# S3 replaces "${filename}" in the fields of forms; forms and XML cannot carry the others.
_NOT_IN_KEYS = re.compile(r"[\x00-\x1f\x7f/]|\$(?=\{filename\})")

DIGITS = 12
"""Of a content's SHA-256, in a photo's ID."""

Paths = Iterable[Path | str] | Path | str
"""Files and folders, or one of them."""

CHECK_PATH = "Check its spelling, and the folder that it starts from."


def given_paths(paths: Paths) -> list[Path]:
    """Return the files and folders that are meant: a text is one path, and not its letters.

    Raises UploadError for an empty text, which `Path` would take for the folder one is in;
    InvalidArgumentError for what is no path.
    """
    several = [paths] if isinstance(paths, str | Path) or not isinstance(paths, Iterable) else list(paths)
    if "" in several:
        raise UploadError(
            "A path is empty: is a variable empty?", "Name a file or a folder; . is the one you are in."
        )
    return [given_path(path) for path in several]


def prepare(
    paths: Paths, album_id: Callable[[], str], *, check: bool, cancellation: Cancellation | None
) -> Iterator[PreparedFile | RefusedFile]:
    """Look at files and folders, and yield each file. See `Uploads.prepare`.

    `album_id` is asked for with the first file that can be sent.
    """
    files = list(find_files(given_paths(paths)))
    if not files:
        raise UploadError("There are no files in these folders.", "Name files, or folders that hold some.")
    for path in files:
        if cancellation:
            cancellation.check()
        found = path if isinstance(path, RefusedFile) else _looked_at(path, check=check)
        yield found if isinstance(found, RefusedFile) else found.of_album(album_id())


def find_files(paths: Iterable[Path]) -> Iterator[Path | RefusedFile]:
    """Yield the files of these paths, in order; folders with all they hold, hidden files left out.

    Symbolic links that lead out of a folder are refused: otherwise who fills it could have any file of yours
    sent. Raises UploadError for a path that does not exist.
    """
    for path in paths:
        if path.is_dir():
            yield from _walk(path)
        elif path.is_file():
            yield path
        else:
            raise UploadError(f"There is no file or folder {path}.", CHECK_PATH)


def prepare_file(path: Path, album_id: str, *, check: bool = True) -> PreparedFile | RefusedFile:
    """Look at a file before it is uploaded, and give it its photo ID.

    The ID is `<album>/<first digits of the content's SHA-256>-<file name>`: files of the same name in two
    folders become two photos, and the same file uploaded twice stays one. With `check=False` any file is
    taken.
    """
    found = _looked_at(path, check=check)
    return found if isinstance(found, RefusedFile) else found.of_album(album_id)


class _LookedAt(NamedTuple):
    """A file that can be sent, into any album."""

    path: Path
    digest: str
    """The content's SHA-256, in hexadecimal digits."""
    size: int
    """Bytes."""
    content_type: str

    def of_album(self, album_id: str) -> PreparedFile:
        photo_id = make_photo_id(album_id, self.digest, self.path.name)
        return PreparedFile(self.path, photo_id, self.size, self.content_type)


def _looked_at(path: Path, *, check: bool) -> _LookedAt | RefusedFile:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            format_ = _checked_format(file.read(SNIFF_BYTES), size) if check else "unknown"
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except ImageRejectedError as error:
        return refused(path, error)
    except OSError as error:
        return RefusedFile(path, f"The file cannot be read: {error.strerror or error}.", Refusal.UNREADABLE)
    return _LookedAt(path, digest, size, CONTENT_TYPES.get(format_, "application/octet-stream"))


def make_photo_id(album_id: str, digest: str, name: str) -> str:
    """Return a file's photo ID; `digest` is its content's SHA-256 in hexadecimal digits.

    A name that makes the longest key, the thumbnail's, too long loses its beginning.
    """
    beginning = f"{album_id}/{digest[:DIGITS]}-"
    room = MAX_KEY_BYTES - len(thumbnail_key(beginning).encode())
    clean = _NOT_IN_KEYS.sub("_", name)
    kept = clean.encode("utf-8", "replace")[-room:].decode("utf-8", "ignore")
    return beginning + kept


def refused(path: Path, error: ImageRejectedError) -> RefusedFile:
    """Return the refusal of a file that the pipeline would reject."""
    kind = Refusal.TOO_LARGE if isinstance(error, ImageTooLargeError) else Refusal.NOT_A_PHOTO
    return RefusedFile(path, str(error), kind)


def _walk(folder: Path) -> Iterator[Path | RefusedFile]:
    real = os.path.realpath(folder)
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        links = [name for name in folders if Path(root, name).is_symlink()]  # os.walk enters none of them
        for path in (Path(root, name) for name in [*links, *sorted(files)] if not name.startswith(".")):
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(real):
                yield RefusedFile(path, _LEADS_OUT, Refusal.LINK)
            elif path.is_file():  # a pipe would be waited for
                yield path


def _checked_format(head: bytes, size: int) -> str:
    check_bytes(size)
    return sniff(head)
