"""Options that many commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any

import click

from imageproc.cli.escaping import say
from imageproc.client.stack import Stack
from imageproc.client.target import AWS, DEFAULT_STACK, LOCAL, Target, open_target
from imageproc.client.workbench import Workbench

Command = Callable[..., Any]

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")


@dataclass(frozen=True)
class Place:
    """Where a command works: the target and the stack that the options name."""

    target_name: str | None
    profile: str | None
    region: str | None
    stack_name: str

    @cached_property
    def target(self) -> Target:
        """The target. Raises TargetError, AwsError."""
        return open_target(self.target_name, self.profile, self.region)

    @cached_property
    def workbench(self) -> Workbench:
        """The target with the stack, which need not be deployed."""
        return Workbench(self.target, self.stack_name)

    @property
    def stack(self) -> Stack:
        """The deployed stack. Raises AwsError, StackMissingError if it is not deployed."""
        return self.workbench.stack

    def announce(self) -> None:
        """Say whose account is about to be used, if it is one that costs money."""
        if not self.target.is_local:
            say(f"Using {self.target}, stack {self.stack_name}.", err=True)


def place(command: Command) -> Command:
    """Give a command the options --target, --profile, --region and --stack-name, as one argument `place`."""

    @click.option(
        "--target",
        "target_name",
        type=click.Choice([LOCAL, AWS]),
        envvar="IMAGEPROC_TARGET",
        help="The local AWS of this machine (the default), or an AWS account.",
    )
    @click.option("--profile", envvar="AWS_PROFILE", help="AWS profile, with --target aws.")
    @click.option("--region", envvar="AWS_REGION", help="AWS region, with --target aws.")
    @click.option(
        "--stack-name",
        default=DEFAULT_STACK,
        envvar="IMAGEPROC_STACK",
        show_default=True,
        help="Stack's name.",
    )
    @wraps(command)
    def wrapped(
        target_name: str | None, profile: str | None, region: str | None, stack_name: str, **options: Any
    ) -> Any:
        return command(place=Place(target_name, profile, region, stack_name), **options)

    return wrapped
