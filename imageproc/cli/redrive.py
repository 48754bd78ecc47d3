"""`imageproc redrive`: uploads that could not be started."""

from __future__ import annotations

import click

from imageproc import DeadLetter, NotRedriven
from imageproc.cli import options
from imageproc.cli.options import Connection
from imageproc.cli.output import console, errors, print_json, print_table


@click.command()
@options.connection
@click.option("--list", "only_list", is_flag=True, help="Show what waits, and start nothing.")
@options.as_json
def redrive(connection: Connection, only_list: bool, as_json: bool) -> None:
    """Start the uploads that wait in the dead-letter queue, because starting them failed.

    A message is deleted only after its photo was started, or needs nothing.
    """
    connection.announce()
    letters = connection.workbench.dead_letters
    if only_list:
        _print(letters.messages(), as_json)
        return
    redriven = refused = 0
    for one in letters.redrive():
        if isinstance(one, NotRedriven):
            refused += 1
            errors.print(f"Stays in the queue: {_which(one.message)}: {one.cause}")
            continue
        redriven += 1
        for started in one.started:
            console.print(f"Started: {started.photo_id} ({started.reason})")
        for key, reason in one.not_needed:
            console.print(f"Not needed: {key} ({reason})")
    if not redriven and not refused:
        console.print("The dead-letter queue is empty.")
    if refused:
        raise click.exceptions.Exit(1)


def _print(messages: list[DeadLetter], as_json: bool) -> None:
    if as_json:
        for one in messages:
            print_json(
                {"id": one.id, "sent": one.sent, "keys": one.keys, "error": one.error, "cause": one.cause}
            )
        return
    rows = [
        (f"{one.sent.astimezone():%Y-%m-%d %H:%M:%S}", _which(one), one.error, one.cause) for one in messages
    ]
    print_table(("SINCE", "PHOTO", "ERROR", "CAUSE"), rows, "The dead-letter queue is empty.")


def _which(message: DeadLetter) -> str:
    return ", ".join(message.keys) or f"message {message.id}, which is not an event of S3"
