"""What a gallery does with photos that were selected: each action is a job, and returns what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from imageproc import Cancellation, Workbench
from imageproc.client.photos.downloads import NotDownloaded
from imageproc.client.photos.processing import NotRestarted, Restarted
from imageproc.presentation.text import bytes_text, printable
from imageproc.widgets.parts.gallery import Action

RETRY = Action("retry", "Retry", "Process again what failed or is missing")
REPROCESS = Action("reprocess", "Reprocess", "Process all of them again, whatever their status")
DOWNLOAD = Action("download", "Download…", "Write the originals into a folder of the kernel's machine")
FORGET = Action("forget", "Forget…", "Erase the photos with all that is known of them; asks first")
COPY_IDS = Action("copy-ids", "Copy IDs", "One a line")
ACTIONS = (RETRY, REPROCESS, DOWNLOAD, FORGET, COPY_IDS)
"""All actions."""
OF_GUESTS = (RETRY, REPROCESS, FORGET, COPY_IDS)
"""Those of the web app's visitors, who may not write on the machine that it runs on."""

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
    return _outcome(f"{counted(started)} being processed again.", [one.cause for one in refused])


def download(
    workbench: Workbench, ids: Iterable[str], folder: str, control: Cancellation, told: Progress
) -> str:
    """Write originals into a folder, without what tells where they were taken."""
    size, count, refused = 0, 0, list[str]()
    for one in workbench.photos.download(workbench.photos.many(ids), folder):
        control.check()
        if isinstance(one, NotDownloaded):
            refused.append(one.cause)
        else:
            count, size = count + 1, size + one.size
        told(count + len(refused))
    return _outcome(f"{counted(count)} ({bytes_text(size)}) in {folder}, without places.", refused)


def forget(workbench: Workbench, ids: Sequence[str], ask: Callable[[str], bool], told: Progress) -> str:
    """Erase photos, if who is asked says yes. Raises ForgetError if one is being processed."""
    erasure = workbench.privacy.of_photos(ids)
    if erasure.empty:
        return "Nothing is left of these photos."
    names = ", ".join(printable(one.photo_id.rpartition("/")[2], 60) for one in erasure.photos[:3])
    more = f" and {len(erasure.photos) - 3:,} more" if len(erasure.photos) > 3 else ""
    what = f"{counted(len(erasure.photos))}, {erasure.versions:,} stored versions, {bytes_text(erasure.size)}"
    if not ask(f"Erase {names}{more} for good? That is {what}, with thumbnails and records."):
        return "Nothing was erased."
    for number, _ in enumerate(workbench.privacy.erase(erasure)):
        told(number + 1)
    return f"{counted(len(erasure.photos))} erased."


def counted(count: int) -> str:
    """Return how many photos, in words."""
    return f"{count:,} {'photo' if count == 1 else 'photos'}"


def _outcome(done: str, refused: Sequence[str]) -> str:
    causes = "; ".join(dict.fromkeys(chain(map(printable, refused[:3]))))
    return f"{done} {len(refused):,} not: {causes}" if refused else done
