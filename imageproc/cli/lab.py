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

from imageproc.cli.escaping import say
from imageproc.cli.notebooks import notebooks_folder
from imageproc.client.target import local_aws


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.pass_context
def lab(context: click.Context) -> None:
    """Open JupyterLab on the first notebook, with the local AWS running.

    What is started here is stopped with JupyterLab: a local AWS that ran before goes on. Options are
    JupyterLab's, --no-browser say. Your own settings of JupyterLab count, and your own workspaces are left
    alone: this one's are kept beside the notebooks, in .jupyter.
    """
    with _local_aws():
        status = _jupyterlab(context.args)
    context.exit(status)


@contextmanager
def _local_aws() -> Iterator[None]:
    """Have the local AWS run; end it afterwards if it did not run before."""
    local = local_aws()
    ran_before = local.status().running
    local.start(progress=say)
    try:
        yield
    finally:
        if not ran_before:
            say("Stopping the local AWS; what is deployed there stays.")
            local.stop()


def _jupyterlab(options: list[str]) -> int:
    """Run JupyterLab until it ends, and return its exit code. It gets the signals, and asks by itself."""
    config = _config_folder()
    search = os.pathsep.join([str(config), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])])
    environment = {**os.environ, "JUPYTER_CONFIG_PATH": search}
    environment.setdefault("JUPYTERLAB_WORKSPACES_DIR", str(config.parent / ".jupyter" / "workspaces"))
    process = subprocess.Popen([sys.executable, "-m", "jupyterlab", *options], env=environment)
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


def _config_folder() -> Path:
    """Return the folder of the project's JupyterLab settings."""
    return notebooks_folder().parent / "jupyter"
