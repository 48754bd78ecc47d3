"""This machine, before the local AWS runs on it."""

from __future__ import annotations

import platform
import shutil
import socket
import sys
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec

from imageproc.aws.clients import Aws
from imageproc.client.doctor.checks import Check, Outcome, checked
from imageproc.client.doctor.stack_name import check_name, check_state
from imageproc.client.target import Target, local_aws
from imageproc.errors import TargetError

_OLDEST_PYTHON = (3, 11)
_ENOUGH, _LEAST = 2_000_000_000, 200_000_000
"""Bytes on the disk: what some thousand photos take, and what the local AWS takes to start."""


def check_machine(stack: str) -> Iterator[Check]:
    """Yield the checks. Nothing is started."""
    yield from checked(
        {
            "Python": _python,
            "local AWS": _local_aws,
            "recognition": _recognition,
            "port": _port,
            "disk": _disk,
            "stack name": partial(check_name, stack),
            "stack": partial(_stack, stack),
        }
    )


def _python() -> Check:
    found = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info >= _OLDEST_PYTHON:
        return Check("Python", Outcome.OK, found)
    return Check("Python", Outcome.PROBLEM, found, "Install Python 3.11 or newer.")


def _local_aws() -> Check:
    """Look at the state directory and its owner. Raises TargetError, StateDirectoryError."""
    if find_spec("ministack") is None:
        raise TargetError("The local AWS is not installed.", "pip install 'imageproc[local]'")
    aws = local_aws()
    status = aws.status()
    if status.running:
        return Check("local AWS", Outcome.OK, f"runs at {status.endpoint}; its state is in {aws.state_dir}")
    found = f"does not run; its state is in {aws.state_dir}"
    if aws.state_dir.exists() and aws.is_unclean():
        fix = "Nothing to do: the next start processes again what was cut off."
        return Check("local AWS", Outcome.WARNING, f"{found}, and its last stop was not clean", fix)
    return Check("local AWS", Outcome.OK, f"{found}. Commands start it.")


def _recognition() -> Check:
    from imageproc.core.packaged_models import INSTALL_COMMAND
    from imageproc.local.recognition.models import missing_packages

    missing = missing_packages()
    if missing:
        found = f"{', '.join(missing)} not installed: photos end without tags"
        return Check("recognition", Outcome.WARNING, found, INSTALL_COMMAND)
    return Check("recognition", Outcome.OK, "its models are installed")


def _port() -> Check:
    """Reach the local AWS that runs, or else take a port as it would."""
    status = local_aws().status()
    address = ("127.0.0.1", status.port or 0)
    try:
        if status.running:
            socket.create_connection(address, timeout=5).close()
            return Check("port", Outcome.OK, f"{status.endpoint} answers")
        with socket.socket() as server:
            server.bind(address)
        return Check("port", Outcome.OK, "127.0.0.1 has free ports")
    except OSError as error:
        fix = "Stop and start it: imageproc local stop. Or see what keeps programs from using 127.0.0.1."
        return Check(
            "port", Outcome.PROBLEM, f"127.0.0.1, port {status.port}: {error.strerror or error}", fix
        )


def _disk() -> Check:
    folder = local_aws().state_dir
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free
    found, fix = f"{free / 1e9:.1f} GB free for {folder}", "Make room, or set IMAGEPROC_STATE_DIR."
    if free < _LEAST:
        return Check("disk", Outcome.PROBLEM, found, fix)
    return Check(
        "disk", Outcome.WARNING if free < _ENOUGH else Outcome.OK, found, fix if free < _ENOUGH else ""
    )


def _stack(stack: str) -> Check:
    """Look for the stack in the local AWS if it runs. Raises AwsError, ForeignStackError."""
    status = local_aws().status()
    if not status.running:
        return Check("stack", Outcome.UNKNOWN, "The local AWS does not run.")
    return check_state(Aws(Target.local()), stack)
