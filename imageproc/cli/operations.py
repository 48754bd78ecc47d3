"""`imageproc executions`, `retry` and `reconcile`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

import click

from imageproc.cli import options
from imageproc.cli.following import follow
from imageproc.cli.options import Place
from imageproc.cli.output import console, errors, print_json, print_table, safe
from imageproc.client.errors import RetryError
from imageproc.client.operations import Operations, Restarted
from imageproc.client.photos import Photo, Photos
from imageproc.core.record import Status

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
    for number, execution in enumerate(Operations(place.stack).executions(status)):
        if limit and number == limit:
            break
        if as_json:
            print_json(asdict(execution))
            continue
        took = (execution.stopped - execution.started).total_seconds() if execution.stopped else None
        rows.append(
            (
                execution.name,
                execution.status,
                f"{execution.started.astimezone():%Y-%m-%d %H:%M:%S}",
                "" if took is None else f"{took:.1f} s",
            )
        )
    if not as_json:
        print_table(("EXECUTION", "STATUS", "STARTED", "TOOK"), rows, "There are no executions.")


@click.command()
@options.place
@click.argument("photo_ids", metavar="[PHOTO]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All photos that failed or lack something.")
@click.option("--follow", "wait", is_flag=True, help="Wait until they are done.")
def retry(place: Place, photo_ids: tuple[str, ...], every: bool, wait: bool) -> None:
    """Process photos again: those that failed, or only what is missing of those that lack something."""
    if not photo_ids and not every:
        raise click.UsageError("Name the photos, or give --all.")
    place.announce()
    operations, kept = Operations(place.stack), Photos(place.stack)
    chosen = _retriable(kept.all()) if every else map(kept.find, photo_ids)
    restarted, refused = [], 0
    for photo in chosen:
        try:
            restarted.append(_said(operations.retry(photo)))
        except RetryError as error:
            refused += 1
            errors.print(safe(f"Not retried: {error}"))
    if not restarted and not refused:
        console.print("There is nothing to retry.")
    _finish(place, restarted, wait)
    if refused:
        raise click.exceptions.Exit(1)


@click.command()
@options.place
@click.option("--follow", "wait", is_flag=True, help="Wait until they are done.")
def reconcile(place: Place, wait: bool) -> None:
    """Find photos in the bucket without a finished record, and process them.

    They are left behind when the local AWS is killed or events are lost. What is under way is left alone.
    """
    place.announce()
    restarted: list[Restarted] = []
    refused = 0
    for one in Operations(place.stack).reconcile():
        if isinstance(one, Restarted):
            restarted.append(_said(one))
        else:
            refused += 1
            errors.print(safe(f"Not started: {one.photo_id}: {one.cause}"))
    if not restarted and not refused:
        console.print("Every photo in the bucket has a finished record or is under way.")
    _finish(place, restarted, wait)
    if refused:
        raise click.exceptions.Exit(1)


def _retriable(found: Iterable[Photo]) -> list[Photo]:
    return [photo for photo in found if photo.status in (Status.FAILED, Status.INCOMPLETE)]


def _said(one: Restarted) -> Restarted:
    console.print(safe(f"Started: {one.photo_id} ({one.reason})"))
    return one


def _finish(place: Place, restarted: list[Restarted], wait: bool) -> None:
    if wait and restarted:
        follow(place.stack, dict.fromkeys(one.photo_id for one in restarted))
