"""All commands by name. Each is imported when it is called, so that `imageproc --help` stays quick."""

from __future__ import annotations

from importlib import import_module

import click

from imageproc import __version__

_COMMANDS = {
    "demo": "demo:demo",
    "local": "local:local",
    "doctor": "doctor:doctor",
    "package": "deploy:package",
    "deploy": "deploy:deploy",
    "outputs": "deploy:outputs",
    "upload": "upload:upload",
    "import": "imports:import_",
    "albums": "albums:albums",
    "move": "albums:move",
    "copy": "albums:copy",
    "photos": "photos:photos",
    "tags": "photos:tags",
    "facets": "photos:facets",
    "show": "photos:show",
    "label": "labels:label",
    "export": "datasets:export",
    "evaluate": "datasets:evaluate",
    "compare": "datasets:compare",
    "similar": "duplicates:similar",
    "rarest": "duplicates:rarest",
    "duplicates": "duplicates:duplicates",
    "download": "privacy:download",
    "forget": "privacy:forget",
    "cost": "cost:cost",
    "executions": "operations:executions",
    "failures": "failures:failures",
    "logs": "logs:logs",
    "retry": "operations:retry",
    "reprocess": "operations:reprocess",
    "redrive": "redrive:redrive",
    "reconcile": "operations:reconcile",
    "destroy": "destroy:destroy",
    "lab": "lab:lab",
    "notebooks": "notebook_copies:notebooks",
    "run": "notebooks:run",
    "app": "notebooks:app",
    "inspect": "files:inspect",
    "thumbnail": "files:thumbnail",
    "completion": "shells:completion",
}


class _LazyGroup(click.Group):
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name similar commands if there is none of this name; click knows only those that are imported."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(error.command_name, possibilities=_COMMANDS, ctx=ctx) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"imageproc.cli.{module}"), name)
        return command


@click.group(
    cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__)
def imageproc() -> None:
    """Deploy the image processing backend, upload photos, follow them, and clean up.

    By default everything happens on the local AWS of this machine. With --target aws (or
    IMAGEPROC_TARGET=aws) it happens in an AWS account, which costs money.
    """
