"""Photos that a killed local AWS was processing, started again. AWS itself loses no events or executions."""

from __future__ import annotations

from collections.abc import Callable

from imageproc.client.albums import Albums
from imageproc.client.catalogs import StackCatalog
from imageproc.client.executions import Executions
from imageproc.client.photos import Photos
from imageproc.client.photos.processing import NotRestarted
from imageproc.client.stack import deployed
from imageproc.client.target import Target, local_aws
from imageproc.errors import ImageprocError

UNCLEAN = "The local AWS was not stopped cleanly: "
"""How the line begins that tells of it."""


def recover(target: Target, notify: Callable[[str], None]) -> None:
    """Reconcile the photos of every stack in the local AWS, and say so in a line, unless another does so.

    If that fails it is told, and done again the next time that somebody opens the local AWS.
    """
    try:
        with local_aws(target.state_dir).recovery() as ours:
            if ours:
                notify(UNCLEAN + _reconciled(target))
    except ImageprocError as error:
        notify(f"{UNCLEAN}its photos cannot be processed again. {error}")


def _reconciled(target: Target) -> str:
    """Start what was left behind, and return what was done, in words."""
    restarted, refused = 0, []
    for stack in deployed(target):
        for one in Photos(stack, Albums(stack), Executions(stack), StackCatalog(stack)).reconcile():
            if isinstance(one, NotRestarted):
                refused.append(one)
            else:
                restarted += 1
    said = "1 photo is processed again" if restarted == 1 else f"{restarted} photos are processed again"
    if refused:
        said += f", {len(refused)} could not be started ({refused[0].photo_id}: {refused[0].cause})"
    return f"{said}."
