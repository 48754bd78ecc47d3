"""`imageproc import`: photos that are in a bucket, a folder tree or a zip already."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from imageproc.cli import completion, options
from imageproc.cli.asking import confirm
from imageproc.cli.options import Connection
from imageproc.cli.output import console, errors, print_json, size
from imageproc.costs.words import brief, usd
from imageproc.errors import InvalidArgumentError
from imageproc.presentation.text import photos_text

if TYPE_CHECKING:
    from imageproc import ImportPlan, Workbench

_SHOWN = 20
"""Albums, and causes, that are listed."""


@click.command("import")
@options.connection
@click.argument("source", type=click.Path())
@options.user
@click.option(
    "--album",
    help="One album for all of them. Without it each folder becomes an album.",
    shell_complete=completion.albums,
)
@click.option(
    "--in-place",
    is_flag=True,
    help="Leave a bucket's photos where they are: nothing is copied. Prints what the stack needs for it.",
)
@click.option("--follow", "wait", is_flag=True, help="With --in-place: wait until they are processed.")
@click.option("--dry-run", is_flag=True, help="Show what would be done and what it costs, and do nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--manifest",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write what became of each file, as CSV.  [default: imageproc-import-<time>.csv]",
)
@options.as_json
def import_(
    connection: Connection,
    source: str,
    user: str,
    album: str | None,
    in_place: bool,
    wait: bool,
    dry_run: bool,
    yes: bool,
    manifest: Path | None,
    as_json: bool,
) -> None:
    """Import the photos of SOURCE: s3://bucket/prefix, a folder with its folders, or a zip.

    Objects of a bucket are copied within S3, or with --in-place processed where they are, by a bulk run.
    Albums, size and cost are shown first. What an album has already is not sent again: an interrupted import
    is finished by running it again.
    """
    if wait and not in_place:
        raise click.UsageError("--follow goes with --in-place.")
    connection.announce()
    workbench = connection.workbench
    plan = workbench.imports.plan(source, album=album, user=user, in_place=in_place)
    _show(plan, workbench.target.is_local)
    if dry_run:
        return
    if not plan.photos:
        raise click.ClickException("None of the files can be a photo: nothing was imported.")
    if not yes:
        confirm("Import them?", "nothing was imported")
    path = manifest or Path(f"imageproc-import-{datetime.now():%Y%m%dT%H%M%S}.csv")
    counts, bulk_run = _imported(workbench, plan, path, as_json)
    _summarise(counts, path, as_json=as_json)
    if plan.in_place:
        _say_who_processes(workbench, bulk_run, wait)
    if counts["failed"]:
        raise click.exceptions.Exit(1)


def _show(plan: ImportPlan, local: bool) -> None:
    """Print what would be imported, on standard error: standard output is for what was."""
    new = sum(one.new for one in plan.albums)
    albums = f"{len(plan.albums):,} album{'' if len(plan.albums) == 1 else 's'}"
    there = f"; {plan.there:,} seem to be there already" if plan.there else ""
    there += f", {plan.unprocessed:,} of them not processed yet" if plan.unprocessed else ""
    errors.print(
        f"{plan.source}: {photos_text(plan.photos)}, {size(plan.size)}, "
        f"for {albums} of {plan.user}, {new:,} of them new{there}.",
        soft_wrap=True,
    )
    for one in plan.albums[:_SHOWN]:
        more = f", {one.there:,} there" if one.there else ""
        errors.print(f"  {one.name}: {photos_text(one.photos)}, {size(one.size)}{more}", soft_wrap=True)
    if len(plan.albums) > _SHOWN:
        errors.print(f"  and {len(plan.albums) - _SHOWN:,} more albums")
    for cause, count in list(plan.skipped.items())[:_SHOWN]:
        errors.print(f"Skipped: {count:,} × {cause}", soft_wrap=True)
    if plan.in_place:
        said = (
            "The originals stay where they are; the stack keeps a pointer to each. A bulk run processes them."
        )
        errors.print(said, soft_wrap=True)
    if plan.photos > plan.there - plan.unprocessed:
        errors.print(brief(plan.estimate, local=local)[1], style="dim", soft_wrap=True)
    if plan.seconds >= 1:
        said = "Processing them takes at least {} by the stack's DetectLabelsPerSecond."
        errors.print(said.format(timedelta(seconds=int(plan.seconds))), style="dim", soft_wrap=True)
    if plan.reading.total:
        errors.print(f"Finding and reading them costs {usd(plan.reading.total)} more.", style="dim")


def _imported(
    workbench: Workbench, plan: ImportPlan, manifest: Path, as_json: bool
) -> tuple[Counter[str], str]:
    """Import with one progress bar; say what failed, and on an interrupt what was done.

    Returns how many files ended how, and the bulk run's ARN if there is one.
    """
    from imageproc.client.imports.manifest import noted

    counts, bulk_runs = Counter[str](), list[str]()
    with _bar("Importing") as bar:
        task = bar.add_task("files", total=plan.files)
        entries = workbench.imports.run(plan, manifest=manifest, on_bulk_run=bulk_runs.append)
        try:
            for entry in entries:
                counts[entry.outcome] += 1
                bar.advance(task)
                if entry.outcome == "failed":
                    bar.console.print(f"Not imported: {entry.path}: {entry.cause}", soft_wrap=True)
                if as_json:
                    print_json(asdict(entry))
        except InvalidArgumentError:  # nothing was begun
            raise
        except BaseException:
            entries.close()  # which waits a little for what is under way
            done = noted(manifest)
            said = f"{done:,} of {plan.files:,} files are known to be done ({manifest}). "
            errors.print(f"{said}Run it again for the others.", soft_wrap=True)
            raise
    return counts, next(iter(bulk_runs), "")


def _say_who_processes(workbench: Workbench, bulk_run: str, wait: bool) -> None:
    if not bulk_run:
        errors.print("All of them have been processed already.")
        return
    errors.print(f"A bulk run processes them: {bulk_run}", soft_wrap=True)
    if wait:
        _follow(workbench, bulk_run)


def _follow(workbench: Workbench, bulk_run: str) -> None:
    """Follow a bulk run with a progress bar until it has ended. Fails if it fails."""
    with _bar("Processing") as bar:
        task = bar.add_task("photos", total=None)
        for progress in workbench.bulk.follow(bulk_run):
            total = progress.total or None
            bar.update(task, total=total, completed=progress.done + progress.failed)
    errors.print(f"{progress.done:,} of {photos_text(progress.total)} processed, {progress.failed:,} failed.")
    if progress.status != "SUCCEEDED":
        raise click.ClickException(f"The bulk run ended as {progress.status}: {progress.cause}")


def _bar(doing: str) -> Progress:
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    return Progress(*columns, console=errors, transient=True)


def _summarise(counts: Counter[str], manifest: Path, *, as_json: bool) -> None:
    said = [f"{counts['imported']:,} imported", f"{counts['there']:,} there already"]
    said += [f"{counts['skipped']:,} skipped"] if counts["skipped"] else []
    said += [f"{counts['failed']:,} failed: run the same command again"] if counts["failed"] else []
    out = errors if as_json else console
    out.print(f"{', '.join(said)}. What became of each file is in {manifest}.", soft_wrap=True)


class _Rate(ProgressColumn):
    """Files a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.1f}/s" if task.speed else "", style="progress.data.speed")
