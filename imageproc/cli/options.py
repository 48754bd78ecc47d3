"""Options that many commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any

import click

from imageproc.cli import completion
from imageproc.cli.escaping import say
from imageproc.client.defaults import AWS, DEFAULT_STACK, LOCAL
from imageproc.client.users import default_user

if TYPE_CHECKING:
    from imageproc import Workbench

Command = Callable[..., Any]

user = click.option(
    "--user",
    default=default_user,
    show_default="$IMAGEPROC_USER, else your login name",
    help="Whose photos they are.",
    shell_complete=completion.users,
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")


@dataclass(frozen=True)
class Connection:
    """Where a command works: the target and the stack that the options name."""

    target_name: str | None
    profile: str | None
    region: str | None
    stack_name: str

    @cached_property
    def workbench(self) -> Workbench:
        """The workbench; the local AWS is started unless it runs.

        Raises TargetError, AwsError, LocalAwsError.
        """
        from imageproc import Workbench

        return Workbench.open(
            self.target_name,
            profile=self.profile,
            region=self.region,
            stack_name=self.stack_name,
            notify=lambda text: say(text, err=True),
        )

    def beside(self, profile: str | None, region: str) -> Workbench:
        """Return AWS in this region, whatever the target is. Raises TargetError, AwsError."""
        from imageproc import Workbench

        return Workbench.open(AWS, profile=profile, region=region)

    def announce(self) -> None:
        """Say whose account is about to be used, if it is one that costs money."""
        if not self.workbench.target.is_local:
            say(f"Using {self.workbench.target}, stack {self.stack_name}.", err=True)


def connection(command: Command) -> Command:
    """Give a command --target, --profile, --region and --stack-name, as one argument `connection`."""

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
        return command(connection=Connection(target_name, profile, region, stack_name), **options)

    return wrapped
