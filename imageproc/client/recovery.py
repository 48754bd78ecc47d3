"""Photos that a killed local AWS was processing, started again. AWS itself loses no events or executions."""

from __future__ import annotations

import time
from collections.abc import Callable

from imageproc.client.albums import Albums
from imageproc.client.catalogs import StackCatalog
from imageproc.client.executions import Executions
from imageproc.client.photos import Photos
from imageproc.client.photos.processing import NotRestarted
from imageproc.client.stack import deployed
from imageproc.client.target import Target, local_aws
from imageproc.errors import ImageprocError
from imageproc.presentation.text import photos_text

UNCLEAN = "The local AWS was interrupted: "
"""How the last line begins, which tells what came of it."""

_TOLD_S = 5.0
"""Seconds between two lines that say how far it is."""


def recover(target: Target, notify: Callable[[str], None]) -> None:
    """Reconcile the photos of every stack in the local AWS, and say so, unless another does so.

    If that fails it is told, and done again the next time that somebody opens the local AWS.
    """
    try:
        with local_aws(target.state_dir).recovery() as ours:
            if ours:
                notify("Looking for photos that the local AWS left unfinished ...")
                notify(UNCLEAN + _reconciled(target, notify))
    except ImageprocError as error:
        notify(f"{UNCLEAN}its photos cannot be processed again. {error}")


def _reconciled(target: Target, notify: Callable[[str], None]) -> str:
    """Start what was left behind, say from time to time how far it is, and return what was done, in words."""
    restarted, refused, told = 0, [], time.monotonic()
    for stack in deployed(target):
        for one in Photos(stack, Albums(stack), Executions(stack), StackCatalog(stack)).reconcile():
            if isinstance(one, NotRestarted):
                refused.append(one)
            else:
                restarted += 1
            if time.monotonic() - told >= _TOLD_S:
                told = time.monotonic()
                notify(f"{_processed_again(restarted)} so far ...")
    said = _processed_again(restarted)
    if refused:
        first = refused[0]
        cause = first.cause if first.photo_id in first.cause else f"{first.photo_id}: {first.cause}"
        said += f", {len(refused):,} could not be started ({cause.rstrip('.')})"
    return f"{said}."


def _processed_again(count: int) -> str:
    return f"{photos_text(count)} {'is' if count == 1 else 'are'} processed again"
