"""Records what AWS answers to a command, as fixtures that `tests/test_recording.py` holds to the models.

    .venv/bin/python -m tests.recording deploy --target aws --yes

runs `imageproc deploy --target aws --yes`, and writes `recorded/deploy.jsonl` beside this file, one line for
each call: service, operation, parameters, and the answer or the error. The account's number and credentials
are replaced, bodies are left out. Read a recording before you commit it: photo IDs, and places in records,
are in it.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import botocore.handlers

ACCOUNT = "111122223333"
RECORDED = Path(__file__).with_name("recorded")
_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
_SECRETS = {"SecretKey", "SecretAccessKey", "SessionToken", "Token", "AccessKeyId"}


class Recorder:
    """Appends each call of this process to a file, from the clients that are made after `start`."""

    def __init__(self, path: Path) -> None:
        """Write to this file, which must not exist yet."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("x")

    def start(self) -> None:
        """Have botocore tell of each call."""
        botocore.handlers.BUILTIN_HANDLERS += [
            ("before-parameter-build", self._asked),
            ("after-call", self._answered),
        ]

    def stop(self) -> None:
        """Make no more clients that are recorded."""
        ours = (self._asked, self._answered)
        kept = [each for each in botocore.handlers.BUILTIN_HANDLERS if each[1] not in ours]
        botocore.handlers.BUILTIN_HANDLERS[:] = kept
        self._file.close()

    def _asked(self, params: Any, context: Any, **_: Any) -> None:
        context["asked"] = params

    def _answered(self, http_response: Any, parsed: Any, model: Any, context: Any, **_: Any) -> None:
        answer = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
        line = {
            "service": model.service_model.service_name,
            "operation": model.name,
            "status": http_response.status_code,
            "asked": plain(context.get("asked", {})),
            "answer": plain(answer),
        }
        self._file.write(_ACCOUNT.sub(ACCOUNT, json.dumps(line)) + "\n")
        self._file.flush()


def plain(value: Any) -> Any:
    """Return a value as JSON has it, without bodies and credentials."""
    if isinstance(value, dict):
        return {name: "left out" if name in _SECRETS else plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [plain(member) for member in value]
    if isinstance(value, str | int | float | bool | None):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else "left out"


def main() -> None:
    """Run a command of `imageproc`, recorded."""
    from imageproc.cli import main as imageproc

    Recorder(RECORDED / f"{sys.argv[1]}.jsonl").start()
    imageproc()


if __name__ == "__main__":
    main()
