"""The fuzz target for a bounded time, and that it would find something."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import soak
from tests.reliability import fuzz

ROOT = Path(__file__).parents[2]
EXAMPLES = soak.of(500, 1500)

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="memory is limited by RLIMIT_AS and counted in /proc, as Linux does"
)


def fuzzed(*options: str, code: str = "") -> subprocess.CompletedProcess[str]:
    run = ["-m", "tests.reliability.fuzz"] if not code else ["-c", code]
    program = [sys.executable, "-W", "error", *run, *options]
    return subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)


def test_damaged_files_end_as_photos_or_typed_rejections() -> None:
    done = fuzzed("--examples", str(EXAMPLES))
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout.split()[0]) >= EXAMPLES + len(list(fuzz.CORPUS.iterdir()))


def test_a_handler_that_does_not_name_its_rejection_is_found(tmp_path: Path) -> None:
    broken = f"""
import pathlib, sys
from imageproc.functions import generate_thumbnail
from tests import soak
from tests.reliability import fuzz
for path in fuzz.CORPUS.iterdir():
    (pathlib.Path({str(tmp_path)!r}) / path.name).write_bytes(path.read_bytes())
fuzz.CORPUS = pathlib.Path({str(tmp_path)!r})
whole = generate_thumbnail.make_thumbnail
def broken(data, box):
    if len(data) > 60 and data[-1] & 7 == 7:
        raise ValueError("no typed rejection")
    return whole(data, box)
generate_thumbnail.make_thumbnail = broken
fuzz.main()
"""
    done = fuzzed("--examples", "300", "--seconds", "1", code=broken)
    assert done.returncode == 1
    assert "no typed rejection" in done.stderr
    assert f"A handler cannot take {tmp_path}/found-" in done.stderr
    (found,) = tmp_path.glob("found-*")
    assert found.read_bytes()[-1] & 7 == 7
