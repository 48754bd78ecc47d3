"""`imageproc lab`: JupyterLab on the first notebook, with the local AWS running as long as it does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from imageproc import Workbench, resources
from imageproc.cli.escaping import say
from imageproc.cli.notebook_copies import DEFAULT_FOLDER, copy_notebooks
from imageproc.cli.notebooks import require
from imageproc.client.target import LOCAL, local_aws


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.option(
    "--folder",
    default=DEFAULT_FOLDER,
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where your copies of the notebooks are; those that are missing are made.",
)
@click.pass_context
def lab(context: click.Context, folder: Path) -> None:
    """Open JupyterLab on the first notebook, with the local AWS running.

    It opens copies of the notebooks, so that running them changes nothing of the project's own. What is
    started here is stopped with JupyterLab: a local AWS that ran before keeps running. Other options are
    JupyterLab's, --no-browser say. Your own settings of JupyterLab count, and your own workspaces are left
    alone: this one's are kept beside the notebooks, in .jupyter.
    """
    require("jupyterlab")
    for path, outcome in copy_notebooks(folder):
        if outcome == "kept":
            say(f"{path} differs from the project's and is kept; to replace it: imageproc notebooks --help")
    with _local_aws():
        status = _jupyterlab(folder.absolute(), context.args)
    context.exit(status)


@contextmanager
def _local_aws() -> Iterator[None]:
    """Have the local AWS run; end it afterwards if it was started here, and not by somebody else since."""
    local = local_aws()
    ran_before = local.status().running
    Workbench.open(LOCAL, notify=say)
    started = None if ran_before else local.status().pid
    try:
        yield
    finally:
        if started and started == local.status().pid:
            say("Stopping the local AWS; what is deployed there stays.")
            local.stop()


def _jupyterlab(folder: Path, options: list[str]) -> int:
    """Run JupyterLab in a folder until it ends, and return its exit code.

    It gets the signals, and asks its own questions.
    """
    config = str(resources.folder("jupyter"))
    search = os.pathsep.join([config, *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])])
    environment = {**os.environ, "JUPYTER_CONFIG_PATH": search}
    environment.setdefault("JUPYTERLAB_WORKSPACES_DIR", str(folder / ".jupyter" / "workspaces"))
    if os.geteuid() == 0 and "--allow-root" not in options:
        say("You are root: JupyterLab is started with --allow-root.")
        options = ["--allow-root", *options]
    command = [sys.executable, "-m", "jupyterlab", *options]
    process = subprocess.Popen(command, cwd=folder, env=environment)
    with _signals_go_to(process):
        return process.wait()


@contextmanager
def _signals_go_to(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Leave Ctrl-C, which the terminal sends to both, to JupyterLab, and hand it what ends this process."""
    earlier = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: process.terminate()),
        signal.SIGHUP: signal.signal(signal.SIGHUP, lambda *_: process.terminate()),
    }
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
