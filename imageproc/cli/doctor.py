"""`imageproc doctor`: what can be checked before deploying."""

from __future__ import annotations

import click
from rich.text import Text

from imageproc import Check, Outcome, Workbench
from imageproc.cli import options
from imageproc.cli.deploy import given_parameters
from imageproc.cli.options import Connection
from imageproc.cli.output import print_json, print_table

_STYLES = {
    Outcome.OK: "green",
    Outcome.WARNING: "yellow",
    Outcome.PROBLEM: "red",
    Outcome.UNKNOWN: "dim",
}


@click.command()
@options.connection
@click.option("--parameter", "-p", "given", multiple=True, metavar="NAME=VALUE", help="A template parameter.")
@options.as_json
def doctor(connection: Connection, given: tuple[str, ...], as_json: bool) -> None:
    """Check what can be checked before deploying, and say how to mend what is wrong.

    Without --target this machine is checked; with --target aws the account: credentials, Rekognition in the
    region, Lambda's quota, the rights to deploy, names, the KMS key and the stack that may be there. Nothing
    is started or changed. The exit code is 1 if there is a problem.
    """
    found = []
    checks = Workbench.examine(
        connection.target_name,
        profile=connection.profile,
        region=connection.region,
        stack_name=connection.stack_name,
        parameters=given_parameters(given),
    )
    for check in checks:
        found.append(check)
        if as_json:
            print_json(
                {"check": check.name, "outcome": check.outcome, "found": check.found, "fix": check.fix}
            )
    if not as_json:
        print_table(("CHECK", "", "FOUND"), map(_row, found), "Nothing was checked.")
    if any(check.outcome is Outcome.PROBLEM for check in found):
        raise click.exceptions.Exit(1)


def _row(check: Check) -> tuple[str | Text, ...]:
    said = f"{check.found} {check.fix}".rstrip()
    return check.name, Text(check.outcome, style=_STYLES[check.outcome]), said
