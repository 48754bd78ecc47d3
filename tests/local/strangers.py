"""Sends requests as another user of this machine: a process of another uid, with nothing of this one's."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .signing import Call, Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

NOBODY = 65534

_SEND = """
import base64, http.client, json, os, sys
assert os.getuid() != 0
replies = []
for call in json.load(sys.stdin):
    connection = http.client.HTTPConnection(call["host"], timeout=call["timeout"])
    try:
        body = base64.b64decode(call["body"])
        connection.putrequest(call["method"], call["target"], skip_host=True, skip_accept_encoding=True)
        headers = {"Host": call["host"], **call["headers"], "Content-Length": str(len(body))}
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        replies.append([answer.status, headers, base64.b64encode(answer.read()).decode()])
    except OSError as error:
        replies.append([0, {}, base64.b64encode(repr(error).encode()).decode()])
    finally:
        connection.close()
json.dump(replies, sys.stdout)
"""


def python_of_strangers() -> str:
    """Return a Python that another user may run; skip the test if there is none."""
    if os.getuid() != 0:
        pytest.skip("only root may run a process as another user")
    for python in (sys._base_executable, "/usr/bin/python3"):  # type: ignore[attr-defined]
        if Path(python).exists() and run_as_stranger(python, "import json")[0] == 0:
            return str(python)
    pytest.skip("no Python on this machine may be run by other users")


def run_as_stranger(python: str, code: str, given: str = "") -> tuple[int, str]:
    """Run code as another user; return its exit status and what it printed."""
    try:
        ran = subprocess.run(
            [python, "-I", "-c", code],
            input=given,
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            env={},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    except PermissionError:
        return 126, ""
    return ran.returncode, ran.stdout + ran.stderr


def send_as_stranger(calls: Sequence[Call], timeout: float = 10) -> list[Reply]:
    """Send these requests as another user. Status 0: no answer came."""
    given = [
        {
            "method": call.method,
            "host": call.host,
            "target": call.target,
            "headers": dict(call.headers),
            "body": base64.b64encode(call.body).decode(),
            "timeout": timeout,
        }
        for call in calls
    ]
    status, printed = run_as_stranger(python_of_strangers(), _SEND, json.dumps(given))
    assert status == 0, printed
    return [Reply(code, headers, base64.b64decode(body)) for code, headers, body in json.loads(printed)]
