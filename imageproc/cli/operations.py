"""`imageproc executions`, `retry`, `reprocess` and `reconcile`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from imageproc.cli import completion, options
from imageproc.cli.following import exit_code, follow
from imageproc.cli.options import Connection
from imageproc.cli.output import console, errors, print_json, print_table
from imageproc.cli.repeats import Repeats
from imageproc.cli.selection import SUCH_AS, PhotoOptions, selection
from imageproc.core.close_names import nearest
from imageproc.core.parts import Part
from imageproc.errors import PhotoNotFoundError
from imageproc.presentation.text import photos_text

if TYPE_CHECKING:
    from imageproc import FailureGroup, NotRestarted, Photo, Restarted, Workbench

_OF_ONE = ("error", "cause")
"""What of an execution a listing does not tell."""

_only = click.option(
    "--only",
    multiple=True,
    type=click.Choice([part.value for part in Part]),
    help="Only this part; can be given more than once.",
)
_wait = click.option("--follow", "wait", is_flag=True, help="Wait until they are done.")

_STATES = ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


@click.command()
@options.connection
@click.option(
    "--status", type=click.Choice(_STATES, case_sensitive=False), help="Only executions of this status."
)
@click.option("--limit", default=50, show_default=True, help="The most executions to list; 0 for all.")
@options.as_json
def executions(connection: Connection, status: str | None, limit: int, as_json: bool) -> None:
    """List the executions of the state machine, the newest first."""
    rows = []
    for number, execution in enumerate(connection.workbench.executions.all(status)):
        if limit and number == limit:
            break
        if as_json:
            print_json({name: value for name, value in asdict(execution).items() if name not in _OF_ONE})
            continue
        rows.append(
            (
                execution.name,
                execution.status,
                f"{execution.started.astimezone():%Y-%m-%d %H:%M:%S}",
                "" if execution.seconds is None else f"{execution.seconds:.1f} s",
            )
        )
    if not as_json:
        print_table(("EXECUTION", "STATUS", "STARTED", "TOOK"), rows, "There are no executions.")


@click.command()
@options.connection
@click.argument("photo_ids", metavar="[PHOTO]...", nargs=-1, shell_complete=completion.photos)
@click.option("--all", "every", is_flag=True, help="All photos that failed or lack something.")
@_only
@click.option("--step", help="Not of named photos: only those that failed in this step.")
@selection()
@_wait
def retry(
    connection: Connection,
    photo_ids: tuple[str, ...],
    every: bool,
    only: tuple[str, ...],
    step: str | None,
    selection: PhotoOptions,
    wait: bool,
) -> None:
    """Process photos again: those that failed, or only what is missing of those that lack something.

    They are named, or selected: those of a selection that failed or lack something.
    """
    _need_choice(photo_ids, every or selection.given)
    if step and photo_ids:
        raise click.UsageError("--step goes with --all, or with a selection.")
    connection.announce()
    photos = connection.workbench.photos
    chosen: Iterable[Photo] = map(photos.find, photo_ids)
    nothing = "There is nothing to retry."
    if not photo_ids:
        among = selection.among(connection.workbench)
        chosen = photos.retriable(only, step, among=among)
        if not chosen:
            failed = [one for one in photos.failures(among) if not only or one.part in only]
            nothing = _nothing_to_retry(failed, step)
    _report(connection.workbench, photos.retry_each(chosen, only), nothing, wait)


@click.command()
@options.connection
@click.argument("photo_ids", metavar="[PHOTO]...", nargs=-1, shell_complete=completion.photos)
@click.option("--all", "every", is_flag=True, help="All photos in the bucket.")
@click.option(
    "--missing", is_flag=True, help="All photos that lack metadata, tags or thumbnail, or what --only names."
)
@_only
@selection(without=("missing",))
@_wait
def reprocess(
    connection: Connection,
    photo_ids: tuple[str, ...],
    every: bool,
    missing: bool,
    only: tuple[str, ...],
    selection: PhotoOptions,
    wait: bool,
) -> None:
    """Process photos again, whatever their status: all of each, or only the parts that --only names.

    They are named, or selected.
    A photo that was never processed to its end is processed whole. --all starts the stack's bulk
    state machine, which also finds photos without a record, and continues if this command is interrupted.
    """
    _need_choice(photo_ids, every, missing, selection.given)
    connection.announce()
    if every:
        _in_bulk(connection.workbench, only, wait)
        return
    photos = connection.workbench.photos
    if missing:
        found = photos.reprocess_missing(only)
    else:
        chosen = map(photos.find, photo_ids) if photo_ids else selection.among(connection.workbench)
        found = photos.reprocess_each(chosen, only)
    _report(connection.workbench, found, "There is nothing to reprocess.", wait)


@click.command()
@options.connection
@_wait
def reconcile(connection: Connection, wait: bool) -> None:
    """Find photos in the bucket without a finished record, and process them.

    They are left behind when the local AWS is killed or events are lost. What is under way is left alone.
    """
    connection.announce()
    done = "Every photo in the bucket has a finished record or is under way."
    _report(connection.workbench, connection.workbench.photos.reconcile(), done, wait)


def _in_bulk(workbench: Workbench, only: tuple[str, ...], wait: bool) -> None:
    """Start a bulk run, and follow it if asked to; fail if it fails."""
    with errors.status("Listing the photos") as status:
        try:
            arn = workbench.bulk.start(only, listed=lambda n: status.update(f"Listing the photos: {n:,}"))
        except PhotoNotFoundError:
            console.print("There is nothing to reprocess.")
            return
    console.print(f"Started: {arn}", soft_wrap=True)
    if not wait:
        return
    for progress in workbench.bulk.follow(arn):
        failed = f", {progress.failed} failed" if progress.failed else ""
        console.print(f"{progress.status}: {progress.done} of {progress.total} photos{failed}")
    if progress.status != "SUCCEEDED":
        raise click.ClickException(f"The bulk run ended as {progress.status}: {progress.cause}")


def _nothing_to_retry(groups: Sequence[FailureGroup], step: str | None) -> str:
    """Say why none of these failures is retried: nothing failed in the step, or another try is in vain."""
    steps = {group.step for group in groups}
    if step and step not in steps:
        return f"There is nothing to retry: no photo failed in {step!r}. {nearest(step, steps)}".rstrip()
    photos = {photo.id for group in groups if step in (None, group.step) for photo in group.photos}
    why = f": no other try can help {photos_text(len(photos))}, see imageproc failures" if photos else ""
    return f"There is nothing to retry{why}."


def _need_choice(photo_ids: tuple[str, ...], *flags: bool) -> None:
    if sum(flags) + bool(photo_ids) != 1:
        raise click.UsageError(f"Name the photos, select them ({SUCH_AS} …), or give --all: one of these.")


def _report(
    workbench: Workbench, found: Iterable[Restarted | NotRestarted], nothing: str, wait: bool
) -> None:
    """Print what was started and what was not, follow the former if asked to, fail for the latter."""
    from imageproc import Restarted

    restarted: list[Restarted] = []
    refused, repeats = 0, Repeats("Not started", errors.print)
    for one in found:
        if isinstance(one, Restarted):
            restarted.append(_said(one))
        else:
            refused += 1
            repeats.tell(one.photo_id, one.cause)
    repeats.end()
    if not restarted and not refused:
        console.print(nothing)
    ended = (
        exit_code(workbench, follow(workbench, [one.photo_id for one in restarted]))
        if wait and restarted
        else 0
    )
    if refused or ended:
        raise click.exceptions.Exit(1)


def _said(one: Restarted) -> Restarted:
    console.print(f"Started: {one.photo_id} ({one.reason})")
    return one
