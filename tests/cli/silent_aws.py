"""A program on an AWS that takes connections and never answers, and Ctrl+C while it waits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_WORKBENCH = """
import socket, sys
from pathlib import Path

import boto3

from imageproc.client.target import AWS, Target
from imageproc.client.workbench import Workbench

silent = socket.create_server(("127.0.0.1", 0))  # takes connections, and never answers
session = boto3.Session("testing", "testing", region_name="eu-west-1")
s3 = session.client("s3", endpoint_url=f"http://127.0.0.1:{silent.getsockname()[1]}")
s3.meta.events.register("before-send.s3", lambda **_: print("asked\\n", end="", flush=True))
workbench = Workbench(Target(AWS, session, _clients={"s3": s3}))
workbench.stack.outputs = {"S3PhotoRepoBucket": "photos", "DDBImageMetadataTable": "none"}
"""


@dataclass(frozen=True)
class Interrupted:
    """How a program ended that was interrupted."""

    exit_code: int
    stderr: str
    seconds: float
    """From the interrupt to its end."""


def interrupted(script: str, *arguments: object, after_s: float = 0) -> Interrupted:
    """Run a script that has `workbench`, and interrupt it so many seconds after it first asked S3."""
    with subprocess.Popen(
        [sys.executable, "-c", _WORKBENCH + script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as program:
        assert program.stdout
        assert program.stdout.readline().startswith("asked")
        time.sleep(after_s)
        program.send_signal(signal.SIGINT)
        began = time.monotonic()
        try:
            _, said = program.communicate(timeout=30)
        finally:
            program.kill()
    return Interrupted(program.returncode, said, time.monotonic() - began)
