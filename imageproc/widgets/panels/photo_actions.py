"""What a gallery does with photos that were selected: each action is a job, and returns what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, count
from os.path import lexists
from pathlib import Path

from imageproc import (
    Album,
    Cancellation,
    Copied,
    Downloaded,
    Moved,
    NotDownloaded,
    NotRestarted,
    Photo,
    Restarted,
    Workbench,
    Written,
)
from imageproc.client.photos.exports import File
from imageproc.client.uploads.files import given_paths
from imageproc.core.record import without_digest
from imageproc.errors import WorkbenchError
from imageproc.presentation.text import bytes_text, number_text, photos_text, printable, there_text
from imageproc.widgets.parts.downloads import Download
from imageproc.widgets.parts.gallery import Action

RETRY = Action("retry", "Retry", "Process again what failed or is missing")
REPROCESS = Action("reprocess", "Reprocess", "Process all of them again, whatever their status")
MOVE = Action("move", "Move to album…", "Put the photos into another album")
COPY = Action("copy", "Copy to album…", "Make copies in another album: processed anew, corrected alike")
LABEL = Action("label", "Labels…", "Add, remove or rename a label of the photos (L)")
COVER = Action("cover", "Use as cover", "Have this photo stand for its album")
SAVE = Action("save", "Download…", "Save a zip or a contact sheet with your browser")
DOWNLOAD = Action("download", "Write to folder…", "Write files, a zip or a sheet on the kernel's machine")
DUPLICATES = Action("duplicates", "Find duplicates", "Among the selected photos; nothing is deleted unasked")
FORGET = Action("forget", "Forget…", "Erase the photos with all that is known of them; asks first")
COPY_IDS = Action("copy-ids", "Copy IDs", "One a line")
ACTIONS = (SAVE, LABEL, MOVE, COPY, COVER, DOWNLOAD, RETRY, REPROCESS, DUPLICATES, FORGET, COPY_IDS)
"""All actions."""
OF_GUESTS = (SAVE, LABEL, MOVE, COPY, COVER, RETRY, REPROCESS, DUPLICATES, FORGET, COPY_IDS)
"""Those of the web app's visitors, who may not write on the machine that it runs on."""

READING = "Reading what is stored of the photos"
"""What is said before it is asked whether to erase them."""

_AT_ONCE = 100
"""Photos that are moved between two looks at whether it was stopped."""


class Form(StrEnum):
    """What photos are downloaded as."""

    FOLDER = "Originals in a folder"
    ZIP = "Zip of originals"
    THUMBNAILS = "Zip of thumbnails"
    SHEET = "Contact sheet (HTML)"


@dataclass(frozen=True)
class Wanted:
    """What a person wants to have of photos."""

    form: Form
    file: str
    """The file or folder on the kernel's machine, or the file's name."""
    places: bool = False
    album: Album | None = None
    """The album that is shown."""


_WITHOUT = dict.fromkeys(Form, "without places") | dict.fromkeys(
    (Form.FOLDER, Form.ZIP), "without places, maker's notes and what else lies beside picture and EXIF"
)
"""What is said of photos whose places are left out."""

_CAUSES = 3
"""Photos of which it is said why they were left out."""

Progress = Callable[[int], object]
"""Is told how many are done."""


def restart(
    workbench: Workbench, ids: Sequence[str], action: str, control: Cancellation, told: Progress
) -> str:
    """Retry or reprocess photos."""
    each = workbench.photos.retry_each if action == RETRY.name else workbench.photos.reprocess_each
    started, refused = 0, list[NotRestarted]()
    for photo_id in ids:
        control.check()
        for one in each([photo_id]):
            if isinstance(one, Restarted):
                started += 1
            else:
                refused.append(one)
        told(started + len(refused))
    # What can be helped is told first.
    causes = [_by_name(one) for one in sorted(refused, key=lambda one: "nothing to retry" in one.cause)]
    if refused and not started:
        raise WorkbenchError(_outcome("Nothing was started.", causes))
    return _outcome(f"Processing started again for {photos_text(started)}.", causes)


def _by_name(refused: NotRestarted) -> str:
    """Return why a photo was not started, with its file's name."""
    name = without_digest(refused.photo_id.rpartition("/")[2])
    return refused.cause.replace(refused.photo_id, printable(name, 60))


def download(
    workbench: Workbench, ids: Sequence[str], wanted: Wanted, control: Cancellation, told: Progress
) -> str:
    """Write originals into a folder, or photos into one file; without places unless they are wanted."""
    (where,) = given_paths(wanted.file)
    if wanted.form is not Form.FOLDER:
        where = _free(where)
        written = _write(workbench, ids, wanted, where, _notifier(control, told))
    else:
        photos = _in_order(workbench, ids)
        events = workbench.photos.download(photos, where, keep_location=wanted.places)
        written = _in_folder(events, _notifier(control, told))
    return _said(written, f"in {printable(str(where.absolute()), 200)}", wanted)


def _free(path: Path) -> Path:
    """Return a path, or one with a number where a file is that would be replaced."""
    numbered = (path.with_stem(f"{path.stem}-{number}") for number in count(2))
    return next(one for one in chain([path], numbered) if not lexists(one))


def save(
    workbench: Workbench,
    ids: Sequence[str],
    wanted: Wanted,
    save_file: Callable[[Download], object],
    control: Cancellation,
    told: Progress,
) -> str:
    """Put photos as one file where the browser of who looks saves it from."""
    notify = _notifier(control, told)
    link = workbench.photos.link(wanted.file, lambda file: _write(workbench, ids, wanted, file, notify))
    save_file(Download(link.name, link.url, link.file))
    return _said(link.written, f"sent to your browser as {link.name}", wanted)


def _write(
    workbench: Workbench, ids: Sequence[str], wanted: Wanted, file: File, notify: Callable[[object], object]
) -> Written:
    photos, places = _in_order(workbench, ids), wanted.places
    if wanted.form is Form.SHEET:
        title, note = (wanted.album.name, wanted.album.description) if wanted.album else ("Photos", "")
        return workbench.photos.write_contact_sheet(
            photos, file, title=title, note=note, keep_location=places, notify=notify
        )
    small = wanted.form is Form.THUMBNAILS
    return workbench.photos.write_zip(photos, file, thumbnails=small, keep_location=places, notify=notify)


def _in_order(workbench: Workbench, ids: Sequence[str]) -> list[Photo]:
    found = {photo.id: photo for photo in workbench.photos.many(ids)}
    return [found[one] for one in ids if one in found]


def _notifier(control: Cancellation, told: Progress) -> Callable[[object], object]:
    done = count(1)

    def notify(_: object) -> None:
        control.check()
        told(next(done))

    return notify


def _said(written: Written, where: str, wanted: Wanted) -> str:
    kept = "with places" if wanted.places else _WITHOUT[wanted.form]
    done = f"{photos_text(written.photos)} ({bytes_text(written.size)}) {where}, {kept}."
    left_out = (f"{without_digest(one.photo_id.rpartition('/')[2])}: {one.cause}" for one in written.left_out)
    return _outcome(done, list(left_out))


def put(
    workbench: Workbench,
    ids: Sequence[str],
    action: str,
    album: tuple[str, str],
    control: Cancellation,
    told: Progress,
) -> str:
    """Move or copy photos to the album of this name and user, which is made if need be."""
    into = workbench.albums.get_or_create(*album)
    moves = action == MOVE.name
    done, there, refused = 0, 0, list[str]()
    for start in range(0, len(ids), _AT_ONCE):
        control.check()
        photos = workbench.photos.many(ids[start : start + _AT_ONCE])
        for one in workbench.photos.move(photos, into) if moves else workbench.photos.copy(photos, into):
            if isinstance(one, Moved | Copied):
                done, there = done + (not one.already_there), there + one.already_there
            else:
                refused.append(one.cause)
            told(done + there + len(refused))
    said = f"{photos_text(done)} {'moved' if moves else 'copied'} to {printable(into.name, 60)}"
    rest = "" if moves or not done else " The copies are being processed."
    return _outcome(f"{said}{there_text(there)}.{rest}", refused)


def use_as_cover(workbench: Workbench, ids: Sequence[str]) -> str:
    """Have a photo stand for its album. Raises WorkbenchError for several."""
    if len(ids) != 1:
        raise WorkbenchError("Select one photo to be the cover.")
    photo = workbench.photos.get(ids[0])
    album = workbench.albums.set_cover(photo.album_id or "", photo)
    return f"{printable(photo.name, 60)} is the cover of {printable(album.name, 60)}."


def forget(workbench: Workbench, ids: Sequence[str], ask: Callable[[str, str], bool], told: Progress) -> str:
    """Erase photos, if who is asked says yes, in the words that `ask` gets beside its question.

    Raises ForgetError if one is being processed.
    """
    erasure = workbench.privacy.of_photos(ids)
    if erasure.empty:
        return "Nothing is left of these photos."
    names = ", ".join(
        printable(without_digest(one.photo_id.rpartition("/")[2]), 60) for one in erasure.photos[:3]
    )
    more = f" and {len(erasure.photos) - 3:,} more" if len(erasure.photos) > 3 else ""
    versions = f"{number_text(erasure.versions, 'stored version')}, {bytes_text(erasure.size)}"
    what = f"{photos_text(len(erasure.photos))}, {versions}"
    question = f"Erase {names}{more} for good? That is {what}, with thumbnails and records."
    if not ask(question, f"Forget {photos_text(len(erasure.photos))}"):
        return "Nothing was erased."
    told(0)
    for number, _ in enumerate(workbench.privacy.erase(erasure)):
        told(number + 1)
    return f"{photos_text(len(erasure.photos))} erased."


def _in_folder(events: Iterable[Downloaded | NotDownloaded], notify: Callable[[object], object]) -> Written:
    done = list[Downloaded | NotDownloaded]()
    for one in events:
        notify(one)
        done.append(one)
    sizes = [one.size for one in done if isinstance(one, Downloaded)]
    return Written(len(sizes), sum(sizes), tuple(one for one in done if isinstance(one, NotDownloaded)))


def _outcome(done: str, refused: Sequence[str]) -> str:
    causes = "; ".join(dict.fromkeys(printable(one).rstrip(".") for one in refused[:_CAUSES]))
    more = f"; and {len(refused) - _CAUSES:,} more" if len(refused) > _CAUSES else ""
    return f"{done} {len(refused):,} not: {causes}{more}." if refused else done
