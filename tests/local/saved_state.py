"""A process of its own that uses MiniStack with its state in a folder, as it is after another start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def run_with_state(folder: Path, code: str) -> Any:
    """Run Python with the state in this folder, and return the JSON of the last line that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PERSIST_STATE": "1", "STATE_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
