"""The web app: one notebook served by Voilà, on this machine only, behind a random token."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import click

from imageproc.cli.escaping import say

_ADDRESS = "127.0.0.1"
_START_S = 60.0
_POLICY = "frame-ancestors 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:"
"""No page here needs a host on the internet; Voilà's own pages for errors would ask one for icons."""

_IDLE_S = 1800
"""A visitor's kernel is ended after so many seconds without a word; a page that is open keeps it."""

_READY_KERNELS = 2
"""Kernels that have run the notebook before anyone comes: the page is then there at once."""


def serve(notebook: Path, *, port: int = 0, open_browser: bool = True) -> None:
    """Serve the notebook until it is interrupted or terminated. Raises ClickException."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with running(notebook, port=port) as (process, url):
        say(f"The web app is at {url}\nOnly this machine reaches it. Stop it with Ctrl-C.")
        if open_browser:
            webbrowser.open(url)
        with contextlib.suppress(KeyboardInterrupt):
            process.wait()


@contextlib.contextmanager
def running(notebook: Path, *, port: int = 0) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Start the server, and yield its process and its address; end it afterwards, with its kernels."""
    token, port = secrets.token_urlsafe(24), _usable_port(port)
    with tempfile.TemporaryDirectory(prefix="imageproc-app-") as folder:
        _configure(Path(folder), port, token)
        process = _start(notebook, Path(folder))
        try:
            _wait(process, port)
            yield process, f"http://{_ADDRESS}:{port}/?token={token}"
        finally:
            _end(process)


def _configure(folder: Path, port: int, token: str) -> None:
    """Write the settings to a file that only the user reads: arguments are seen by everybody."""
    path = folder / "voila.json"
    path.touch(mode=0o600)
    settings = {
        "Voila": {
            "ip": _ADDRESS,
            "port": port,
            "port_retries": 0,
            "open_browser": False,
            "token": token,
            "identity_provider_class": "imageproc.cli.jupyter_access.OwnOriginProvider",
            "tornado_settings": {
                "allow_remote_access": False,  # to this machine's names alone
                "headers": {"Content-Security-Policy": _POLICY},
            },
        },
        "VoilaConfiguration": {
            "preheat_kernel": True,
            "default_pool_size": _READY_KERNELS,
            "show_tracebacks": False,
            "extension_denylist": ["jupyterlab_pygments"],  # colours for code, of which there is none
        },
        "IdentityProvider": {"cookie_options": {"samesite": "Lax"}},
        "KernelRestarter": {"restart_limit": 0},  # it would have nothing of the page
        "KernelManager": {"transport_encryption": "required"},
        "MappingKernelManager": {"cull_idle_timeout": _IDLE_S, "cull_interval": 60},
    }
    path.write_text(json.dumps(settings))


def _start(notebook: Path, config: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "imageproc.cli.web_server", str(notebook)],
        env={**os.environ, "JUPYTER_CONFIG_PATH": str(config)},
        start_new_session=True,
    )


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise click.ClickException("The web app's server ended while starting; it said why above.")
        with contextlib.suppress(OSError), socket.create_connection((_ADDRESS, port), timeout=1):
            return
        time.sleep(0.1)
    raise click.ClickException(f"The web app did not start within {_START_S:.0f} s.")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server, which ends its kernels; what does not listen is killed."""
    for number, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)


def _usable_port(port: int) -> int:
    """Return this port, or any that is free for 0. Raises ClickException if it cannot be had.

    What listens there already would be taken for the server, and be handed the token.
    """
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
            probe.bind((_ADDRESS, port))
            return int(probe.getsockname()[1])
    except OSError as error:
        raise click.ClickException(
            f"Port {port} cannot be had: {error.strerror}. Give another one, or none for one that is free."
        ) from error
