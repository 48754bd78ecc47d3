"""`imageproc cost`: what photos cost on AWS, line by line."""

from __future__ import annotations

import shlex

import click

from imageproc.cli import completion, options
from imageproc.cli.deploy import given_parameters
from imageproc.cli.options import Connection
from imageproc.cli.output import console, print_json, print_table
from imageproc.costs import AVERAGE_MEGABYTES, BILL_COLUMNS, DATE, REGION, Estimate, estimate
from imageproc.costs.words import usd
from imageproc.presentation.text import photos_text


@click.command(context_settings={"allow_extra_args": True})
@options.connection
@click.option(
    "--album",
    help="The photos of this album (name or ID), as many and as large as they are.",
    shell_complete=completion.albums,
)
@click.option("--user", help="Whose album it is; with --album.", shell_complete=completion.users)
@click.option(
    "--photos", type=click.IntRange(min=0), default=1000, show_default=True, help="How many photos."
)
@click.option(
    "--megabytes",
    type=click.FloatRange(min=0),
    default=AVERAGE_MEGABYTES,
    show_default=True,
    help="Average size of a photo, MB.",
)
@click.option("--parameter", "-p", "given", multiple=True, metavar="NAME=VALUE", help="A template parameter.")
@options.as_json
def cost(
    connection: Connection,
    album: str | None,
    user: str | None,
    photos: int,
    megabytes: float,
    given: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say what photos cost on AWS: processing them once, keeping them, and the empty stack.

    It is an estimate from counted calls and public list prices; AWS is not asked. Without --album nothing is
    looked up, and nothing needs to be deployed.
    """
    _refuse(click.get_current_context().args)
    if album is None:
        if user is not None:
            raise click.UsageError("--user goes with --album.")
        found = estimate(photos, megabytes, given_parameters(given))
    else:
        workbench = connection.workbench
        found = workbench.cost(workbench.photos.in_album(album, user))
    if as_json:
        _print_json(found)
    else:
        _print(found)


def _refuse(extra: list[str]) -> None:
    """Raise UsageError, with the option, for what was given without one."""
    if extra:
        option = "--photos" if extra[0].isdecimal() else "--album"
        raise click.UsageError(
            f"{extra[0]} needs its option: imageproc cost {option} {shlex.quote(extra[0])}"
        )


def _print(found: Estimate) -> None:
    size = f"{photos_text(found.photos)} of {found.megabytes:.2f} MB{found.settings_text}"
    for title, bill in (
        (f"{size}, once", found.processing),
        (f"{size}, to keep, a month", found.storing),
        ("The empty stack, a month, at most", found.standing),
    ):
        console.print(f"{title}: {usd(bill.total)}", style="bold")
        print_table([name.upper() for name in BILL_COLUMNS], bill.rows(), "Nothing.")
        console.print()
    note = f"List prices of {REGION}, typed in on {DATE}, no free tier, no taxes; docs/explanation/cost.md."
    console.print(note, style="dim")


def _print_json(found: Estimate) -> None:
    for period, bill in (("once", found.processing), ("month", found.storing), ("month", found.standing)):
        for line in bill.lines:
            print_json(
                {
                    "period": period,
                    "service": line.price.service,
                    "quantity": line.quantity,
                    "unit": line.price.unit,
                    "usd": line.amount,
                    "price": str(line.price),
                    "source": line.price.page,
                }
            )
