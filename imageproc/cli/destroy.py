"""`imageproc destroy`: nothing is left."""

from __future__ import annotations

import click
from rich.status import Status as Spinner

from imageproc.cli import options
from imageproc.cli.asking import have_typed
from imageproc.cli.deploy import show
from imageproc.cli.options import Connection
from imageproc.cli.output import console, errors, size
from imageproc.client.stack import Stack, others_text
from imageproc.deployment import Emptied, Event, Inventory, Removed, Swept
from imageproc.presentation.text import number_text


@click.command()
@options.connection
@click.option("--keep-data", is_flag=True, help="Keep the photos' bucket and the tables.")
@click.option(
    "--delete-data",
    is_flag=True,
    help="Remove bucket and tables even if DataRetention=Retain keeps them, or an earlier removal kept them.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def destroy(connection: Connection, keep_data: bool, delete_data: bool, yes: bool) -> None:
    """Delete the stack with all it holds: photos, thumbnails, records, logs, uploaded code.

    A stack that was deployed with DataRetention=Retain keeps its photos' bucket and its tables, unless
    --delete-data is given; so does what an earlier removal kept.

    What would be removed is shown first; the stack's name must be typed to confirm. An interrupted removal is
    finished by running it again.
    """
    if keep_data and delete_data:
        raise click.UsageError("Give --keep-data or --delete-data, not both.")
    connection.announce()
    wish = True if delete_data else False if keep_data else None
    stack = connection.workbench.stack
    found = stack.inventory()
    if not found.names(delete_data=wish):
        nothing = "else " if found.kept(delete_data=wish) else ""
        _show_kept(found, wish)
        where = f"the stack {connection.stack_name} in {connection.workbench.target}"
        console.print(f"There is nothing {nothing}left of {where}.")
        _name_others(stack)
        return
    _show(found, wish)
    _show_kept(found, wish)
    if not yes:
        have_typed("Type the stack's name to remove all this", connection.stack_name, "nothing was removed")
    with errors.status("Removing...") as spinner:
        for event in stack.destroy(delete_data=wish):
            _follow(event, spinner)
    _name_others(stack)


def _name_others(stack: Stack) -> None:
    if others := others_text(stack):
        console.print(others, soft_wrap=True)


def _show(found: Inventory, delete_data: bool | None) -> None:
    for line in found.names(delete_data=delete_data):
        console.print(f"  {line}")
    for one in found.removed_data(delete_data=delete_data).buckets:
        counted = f"{number_text(one.versions, 'version')} of {number_text(one.objects, 'object')}"
        console.print(f"  {counted}, {size(one.size)}, in {one.name}")


def _show_kept(found: Inventory, delete_data: bool | None) -> None:
    """Name the data that stays, say why, and how it would go."""
    kept = found.kept(delete_data=delete_data)
    if not kept:
        return
    if delete_data is False:
        why = "because of --keep-data"
    elif found.status and found.retained and found.own.names:
        why = "because of DataRetention=Retain"
    else:
        why = "because an earlier removal kept it"
    console.print(f"Data that is kept, {why} (--delete-data removes it, too):")
    for name in kept:
        console.print(f"  {name}")


def _follow(event: Event, spinner: Spinner) -> None:
    if isinstance(event, Emptied):
        spinner.update(f"Emptying {event.bucket}: {event.removed:,} removed")
    elif isinstance(event, Removed):
        errors.print(f"Removed {event.kind} {event.name}")
    elif isinstance(event, Swept):
        kept = f" Kept: {', '.join(event.kept)}." if event.kept else ""
        left = ", ".join(event.left) or "nothing"
        console.print(f"The stack {event.stack} is removed. Left: {left}.{kept}")
    else:
        show(event)
