"""`imageproc executions`, `retry`, `reprocess` and `reconcile`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

import click

from imageproc.cli import options
from imageproc.cli.following import follow
from imageproc.cli.options import Place
from imageproc.cli.output import console, errors, print_json, print_table
from imageproc.client.bulk import Bulk
from imageproc.client.executions import Executions
from imageproc.client.failures import failures
from imageproc.client.operations import NotRestarted, Operations, Restarted, attempt_each
from imageproc.client.photos import Photo, Photos
from imageproc.core.record import Part, Status

_only = click.option(
    "--only",
    multiple=True,
    type=click.Choice([part.value for part in Part]),
    help="Only this part; can be given more than once.",
)
_wait = click.option("--follow", "wait", is_flag=True, help="Wait until they are done.")

_STATES = ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


@click.command()
@options.place
@click.option(
    "--status", type=click.Choice(_STATES, case_sensitive=False), help="Only executions of this status."
)
@click.option("--limit", default=50, show_default=True, help="The most executions to list; 0 for all.")
@options.as_json
def executions(place: Place, status: str | None, limit: int, as_json: bool) -> None:
    """List the executions of the state machine, the newest first."""
    rows = []
    for number, execution in enumerate(Executions(place.stack).all(status)):
        if limit and number == limit:
            break
        if as_json:
            print_json(asdict(execution))
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
@options.place
@click.argument("photo_ids", metavar="[PHOTO]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All photos that failed or lack something.")
@_only
@click.option("--step", help="With --all: only photos that failed in this step, as `failures` names it.")
@_wait
def retry(
    place: Place,
    photo_ids: tuple[str, ...],
    every: bool,
    only: tuple[str, ...],
    step: str | None,
    wait: bool,
) -> None:
    """Process photos again: those that failed, or only what is missing of those that lack something."""
    _need_choice(photo_ids, every)
    if step and not every:
        raise click.UsageError("--step goes with --all.")
    place.announce()
    operations, kept = Operations(place.stack), Photos(place.stack)
    chosen = _retriable(kept.all(), only, step) if every else map(kept.find, photo_ids)
    _report(
        place,
        attempt_each(chosen, lambda photo: operations.retry(photo, only)),
        "There is nothing to retry.",
        wait,
    )


@click.command()
@options.place
@click.argument("photo_ids", metavar="[PHOTO]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All photos in the bucket.")
@click.option("--missing", is_flag=True, help="All photos that lack something, or what --only names.")
@_only
@_wait
def reprocess(
    place: Place,
    photo_ids: tuple[str, ...],
    every: bool,
    missing: bool,
    only: tuple[str, ...],
    wait: bool,
) -> None:
    """Make photos anew, well or not: all of each, or only the parts that --only names.

    A photo that was never processed to its end is made whole all the same. --all starts the stack's bulk
    state machine, which also finds photos without a record, and goes on if this command is interrupted.
    """
    _need_choice(photo_ids, every, missing)
    place.announce()
    if every:
        _in_bulk(Bulk(place.stack), only, wait)
        return
    operations, kept = Operations(place.stack), Photos(place.stack)
    if missing:
        found = operations.reprocess_missing(only)
    else:
        found = attempt_each(map(kept.find, photo_ids), lambda photo: operations.reprocess(photo, only))
    _report(place, found, "There is nothing to reprocess.", wait)


@click.command()
@options.place
@_wait
def reconcile(place: Place, wait: bool) -> None:
    """Find photos in the bucket without a finished record, and process them.

    They are left behind when the local AWS is killed or events are lost. What is under way is left alone.
    """
    place.announce()
    done = "Every photo in the bucket has a finished record or is under way."
    _report(place, Operations(place.stack).reconcile(), done, wait)


def _in_bulk(bulk: Bulk, only: tuple[str, ...], wait: bool) -> None:
    """Start a bulk run, and follow it if asked to; fail if it fails."""
    arn = bulk.start(only)
    console.print(f"Started: {arn}", soft_wrap=True)
    if not wait:
        return
    for progress in bulk.follow(arn):
        failed = f", {progress.failed} failed" if progress.failed else ""
        console.print(f"{progress.status}: {progress.done} of {progress.total} photos{failed}")
    if progress.status != "SUCCEEDED":
        raise click.ClickException(f"The bulk run ended as {progress.status}: {progress.cause}")


def _need_choice(photo_ids: tuple[str, ...], *flags: bool) -> None:
    if sum(flags) + bool(photo_ids) != 1:
        raise click.UsageError("Name the photos, or give one of the options that stand for many: --all, say.")


def _retriable(found: Iterable[Photo], only: tuple[str, ...], step: str | None) -> list[Photo]:
    """Return the photos that a retry may help; with `only`, those that lack one of these parts."""
    retriable = [
        photo
        for photo in found
        if photo.status is Status.INCOMPLETE or (photo.status is Status.FAILED and not only)
    ]
    wanted = [photo for photo in retriable if not only or set(only) & set(photo.missing)]
    if step is None:
        return wanted
    return [one.photo for one in failures(wanted) if one.step == step]


def _report(place: Place, found: Iterable[Restarted | NotRestarted], nothing: str, wait: bool) -> None:
    """Print what was started and what was not, follow the former if asked to, fail for the latter."""
    restarted: list[Restarted] = []
    refused = 0
    for one in found:
        if isinstance(one, Restarted):
            restarted.append(_said(one))
        else:
            refused += 1
            errors.print(f"Not started: {one.photo_id}: {one.cause}")
    if not restarted and not refused:
        console.print(nothing)
    _finish(place, restarted, wait)
    if refused:
        raise click.exceptions.Exit(1)


def _said(one: Restarted) -> Restarted:
    console.print(f"Started: {one.photo_id} ({one.reason})")
    return one


def _finish(place: Place, restarted: list[Restarted], wait: bool) -> None:
    if wait and restarted:
        follow(place.stack, dict.fromkeys(one.photo_id for one in restarted))
