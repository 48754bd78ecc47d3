"""`imageproc deploy`, `outputs` and `package`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click
from rich.text import Text

from imageproc.cli import options
from imageproc.cli.asking import agrees, confirm
from imageproc.cli.escaping import escaped, say
from imageproc.cli.options import Connection
from imageproc.cli.output import console, errors, print_json, print_table, size
from imageproc.client.target import AWS, LOCAL, open_target
from imageproc.costs.words import brief
from imageproc.deployment import (
    BuildTarget,
    Deployed,
    Event,
    Note,
    Plan,
    StackEvent,
    always,
    local_target,
    packaging,
    write_package,
)
from imageproc.deployment.events import CodeUploaded
from imageproc.errors import PlanDeclinedError

_ACTION_STYLES = {"Add": "green", "Modify": "yellow", "Remove": "red"}


@click.command()
@options.connection
@click.option("--parameter", "-p", "given", multiple=True, metavar="NAME=VALUE", help="A template parameter.")
@click.option("--artifacts-bucket", help="Existing bucket for the code; by default one is made.")
@click.option("--plan", "only_plan", is_flag=True, help="Show what would change, and deploy nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def deploy(
    connection: Connection, given: tuple[str, ...], artifacts_bucket: str | None, only_plan: bool, yes: bool
) -> None:
    """Deploy the stack, or bring it up to date: show what would change, ask, and follow it.

    CloudFormation works out what would change from code and template in S3, so both are uploaded before,
    also with --plan. A bucket that is made for them is asked for first, and is removed again if nothing is
    deployed; with --plan it is not asked for. What is uploaded to a bucket that exists stays there.

    A stack that is broken, because its creation failed, is deleted first, if you agree; with --plan it is
    left alone, and nothing can be planned.

    On the local AWS nothing is asked, and guests may use the test client of a stack that is made now
    (TestClientAccess=Enabled); later deployments keep what the stack has.
    """
    connection.announce()
    target = connection.workbench.target
    silent, parameters = yes or target.is_local, given_parameters(given)
    try:
        planned = connection.workbench.stack.plan(
            parameters,
            artifacts_bucket=artifacts_bucket,
            repair=not only_plan,
            confirm=always if silent or only_plan else agrees,
            notify=show,
        )
    except PlanDeclinedError as error:
        raise click.ClickException(f"{error} Nothing was deployed.") from None
    if not planned.changed:
        console.print(_unchanged(planned))
        return
    _show_plan(planned)
    for line in brief(connection.workbench.cost(parameters=parameters), local=target.is_local):
        console.print(line, style="dim")
    if only_plan:
        connection.workbench.stack.discard(planned)
        console.print(f"Nothing was deployed{_uploads(planned)}.")
        return
    if not silent:
        try:
            confirm(f"Deploy this to {target}?", f"nothing was deployed{_uploads(planned)}")
        except click.ClickException:
            connection.workbench.stack.discard(planned)
            raise
    for event in connection.workbench.stack.apply(planned):
        show(event)


@click.command()
@options.connection
@options.as_json
def outputs(connection: Connection, as_json: bool) -> None:
    """Show the stack's outputs: the names of its bucket, tables, functions."""
    found = connection.workbench.stack.outputs
    if as_json:
        print_json(found)
    else:
        print_table(("OUTPUT", "VALUE"), sorted(found.items()), "The stack has no outputs.")


@click.command()
@click.option(
    "--output-dir", default="build", show_default=True, type=click.Path(path_type=Path, file_okay=False)
)
@click.option(
    "--bucket", help="Upload the code to this bucket of the AWS account, and name it in the template."
)
@click.option(
    "--data-retention", type=click.Choice(["Delete", "Retain"]), default="Delete", show_default=True
)
@click.option("--similarity", is_flag=True, help="With the layer that the parameter Similarity needs.")
@click.option(
    "--runtime",
    type=click.Choice(packaging.RUNTIMES),
    default=packaging.AWS.runtime,
    show_default=True,
    help="Lambda runtime.",
)
@click.option("--architecture", type=click.Choice(["arm64", "x86_64"]), default="arm64", show_default=True)
@click.option(
    "--target",
    type=click.Choice([LOCAL, AWS]),
    default=AWS,
    show_default=True,
    help="What it is for; the local AWS has a runtime of its own.",
)
@click.option("--profile", envvar="AWS_PROFILE", help="AWS profile, with --bucket.")
@click.option("--region", envvar="AWS_REGION", help="AWS region, with --bucket.")
def package(
    output_dir: Path,
    bucket: str | None,
    data_retention: str,
    similarity: bool,
    runtime: str,
    architecture: str,
    target: str,
    profile: str | None,
    region: str | None,
) -> None:
    """Write the packaged template and the code, for the console or `aws cloudformation deploy --s3-bucket`.

    Without --bucket, the template names the written zips as files beside it: `aws cloudformation package`
    uploads them to a bucket of yours, and writes the template that can be launched.
    """
    opened = open_target(target, profile, region) if bucket else None
    if opened:
        say(f"Using {opened}.", err=True)
    built = _build_target(target, runtime, architecture)
    for path, count in write_package(
        output_dir,
        built,
        data_retention=data_retention,
        similarity=similarity,
        bucket=bucket,
        clients=opened,
        notify=show,
    ):
        console.print(f"{path}  {size(count)}")


def _build_target(target: str, runtime: str, architecture: str) -> BuildTarget:
    if target == AWS:
        return BuildTarget(runtime, architecture)
    from imageproc.local import runtime_bootstrap

    return local_target(runtime_bootstrap())


def show(event: Event) -> None:
    """Print what a deployment or a removal reports."""
    if isinstance(event, Note):
        errors.print(event.text)
    elif isinstance(event, CodeUploaded):
        errors.print(f"Uploaded {event.key} ({size(event.size)})")
    elif isinstance(event, StackEvent):
        errors.print(_line(event))
    elif isinstance(event, Deployed):
        console.print(f"The stack {event.stack} is deployed.")


def _unchanged(planned: Plan) -> str:
    if planned.parameters:
        return f"Nothing to deploy: no resource of the stack {planned.stack} would change."
    return f"Nothing changed: the stack {planned.stack} is up to date."


def _uploads(planned: Plan) -> str:
    """Say, as the end of a sentence, where code and template stay, if they do."""
    if planned.made_bucket and planned.kind == "CREATE":
        return ""
    return f"; the uploaded code and template stay in the bucket {planned.artifacts.bucket}"


def _line(event: StackEvent) -> Text:
    style = "red" if event.failed else "green" if event.status.endswith("COMPLETE") else "dim"
    line = Text(f"{event.time.astimezone():%H:%M:%S}  ")
    line.append(f"{event.status:<20}", style)
    line.append(escaped(f"  {event.logical_id}  {event.reason}".rstrip()))
    return line


def _show_plan(planned: Plan) -> None:
    rows = [
        (
            Text(change.action, _ACTION_STYLES.get(change.action, "")),
            change.logical_id,
            change.type,
            change.replacement,
        )
        for change in planned.changes
    ]
    for parameter in planned.parameters:
        console.print(str(parameter))
    print_table(("ACTION", "RESOURCE", "TYPE", "REPLACED"), rows, "No resource changes are listed.")


def given_parameters(given: Iterable[str]) -> dict[str, str]:
    """Return what `--parameter NAME=VALUE` was given. Raises BadParameter for anything else."""
    parameters = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise click.BadParameter(f"{one!r} is not NAME=VALUE.", param_hint="--parameter")
        parameters[name] = value
    return parameters
