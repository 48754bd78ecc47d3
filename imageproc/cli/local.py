"""`imageproc local`: the local AWS of this machine."""

from __future__ import annotations

from dataclasses import asdict

import click

from imageproc import Workbench
from imageproc.cli import options
from imageproc.cli.asking import confirm
from imageproc.cli.escaping import say
from imageproc.cli.output import print_json
from imageproc.client.target import LOCAL
from imageproc.local import LocalAws, LocalStatus


@click.group()
def local() -> None:
    """Start and stop the AWS of this machine, which costs nothing and needs no account."""


@local.command()
@click.option("--faults", is_flag=True, help="Let faults be injected into it, to see what they do.")
def start(faults: bool) -> None:
    """Start the local AWS, unless it runs already; it keeps running until it is stopped.

    With --faults, or IMAGEPROC_FAULTS=on, notebooks and Python can make requests of its functions fail. None
    do before that is asked for, and AWS itself takes no faults.
    """
    if faults:
        LocalAws().start(faults=True)
    ran = LocalAws().status().running
    Workbench.open(LOCAL, notify=say)
    if ran:
        say(_described(LocalAws().status()))


@local.command()
def stop() -> None:
    """Stop the local AWS. What is in it is there again after the next start."""
    aws = LocalAws()
    aws.stop()
    later = " Photos were being processed: the next start goes on with them." if aws.was_cut_off() else ""
    say(f"The local AWS is stopped.{later}")


@local.command()
@options.as_json
def status(as_json: bool) -> None:
    """Say whether the local AWS runs, and where. The exit code is 1 if it does not."""
    aws = LocalAws()
    found = aws.status()
    if as_json:
        print_json({name: value for name, value in asdict(found).items() if name != "credentials"})
    else:
        say(_described(found))
        if found.faults:
            injected = "; ".join(map(str, aws.injected())) or "nothing"
            say(f"It takes faults. Injected now: {injected}.")
    if not found.running:
        raise click.exceptions.Exit(1)


@local.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Stop the local AWS and delete all that is in it: photos, tables, stacks."""
    aws = LocalAws()
    if not yes:
        confirm(f"Delete everything in {aws.state_dir}?", "nothing was deleted")
    aws.reset()
    say("The local AWS is stopped and empty.")


@local.command()
@click.option("--follow", "-f", is_flag=True, help="Go on as lines come.")
def logs(follow: bool) -> None:
    """Print the log of the local AWS."""
    for line in LocalAws().logs(follow=follow):
        say(line)


def _described(found: LocalStatus) -> str:
    if not found.running:
        return (
            f"The local AWS does not run (its state is in {found.state_dir}). Start it: imageproc local start"
        )
    labels = "real labels" if found.recognition else "no recognition: photos end without tags"
    if found.why_no_recognition:
        labels += f" ({found.why_no_recognition})"
    return (
        f"The local AWS runs at {found.endpoint} since {found.since:%Y-%m-%d %H:%M} (process {found.pid}), "
        f"{labels}.\nIts state is in {found.state_dir}"
    )
