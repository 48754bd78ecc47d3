"""`imageproc destroy`: nothing is left."""

from __future__ import annotations

import click
from rich.status import Status as Spinner

from imageproc.cli import options
from imageproc.cli.deploy import show
from imageproc.cli.options import Place
from imageproc.cli.output import console, errors, safe, size
from imageproc.deployment.events import Emptied, Event, Removed, Swept
from imageproc.deployment.inventory import Inventory, inventory
from imageproc.deployment.sweep import destroy as sweep


@click.command()
@options.place
@click.option("--keep-data", is_flag=True, help="Keep the photos' bucket and the tables.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def destroy(place: Place, keep_data: bool, yes: bool) -> None:
    """Delete the stack with all it holds: photos, thumbnails, records, logs, uploaded code.

    What would be removed is shown first; the stack's name must be typed to confirm. An interrupted removal is
    finished by running it again.
    """
    place.announce()
    found = inventory(place.target, place.stack_name)
    if not found.names(keep_data=keep_data):
        console.print(f"There is nothing left of the stack {place.stack_name} in {place.target}.")
        return
    _show(found, keep_data=keep_data)
    if not yes and click.prompt("Type the stack's name to remove all this", err=True) != place.stack_name:
        raise click.ClickException("The name differs: nothing was removed.")
    with errors.status("Removing...") as spinner:
        for event in sweep(place.target, place.stack_name, keep_data=keep_data):
            _follow(event, spinner)


def _show(found: Inventory, *, keep_data: bool) -> None:
    for line in found.names(keep_data=keep_data):
        console.print(safe(f"  {line}"))
    if not keep_data:
        for one in found.buckets:
            counted = f"{one.versions:,} versions of {one.objects:,} objects, {size(one.size)}"
            console.print(safe(f"  {counted}, in {one.name}"))


def _follow(event: Event, spinner: Spinner) -> None:
    if isinstance(event, Emptied):
        spinner.update(f"Emptying {event.bucket}: {event.removed:,} removed")
    elif isinstance(event, Removed):
        errors.print(safe(f"Removed {event.kind} {event.name}"))
    elif isinstance(event, Swept):
        kept = f" Kept: {', '.join(event.kept)}." if event.kept else ""
        left = ", ".join(event.left) or "nothing"
        console.print(safe(f"The stack {event.stack} is removed. Left: {left}.{kept}"))
    else:
        show(event)
