"""Hostile files through the real handlers, in the memory that the functions have: nothing worse than a no."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.reliability.hostile_files import generated

ROOT = Path(__file__).parents[2]
MALFORMED = ROOT.parent / "shared" / "corpus" / "malformed"

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="memory is limited by RLIMIT_AS and counted in /proc, as Linux does"
)

Outcomes = dict[str, tuple[str, str, float, dict[str, Any]]]


def walked(what: str) -> Outcomes:
    """Run the handlers on files in a limited process; fail with the file that ended it."""
    program = [sys.executable, "-W", "error", "-m", "tests.reliability.limited", what]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"{lines[-1:]} ended the process: {done.stderr[-2000:]}"
    return {name: tuple(outcome) for name, outcome in zip(lines[::2], lines[1::2], strict=True)}


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    return walked("generated")


def of_kind(outcomes: Outcomes, kind: str) -> Outcomes:
    found = {name: outcome for name, outcome in outcomes.items() if name.startswith(f"{kind}:")}
    assert found
    return found


TYPED = {"done", "ImageIdentifyError", "ImageTooLargeError", "NotSupportedImageType"}


def test_every_generated_file_ends_as_a_photo_or_a_typed_rejection(outcomes: Outcomes) -> None:
    assert set(outcomes) == {name for name, _ in generated()}
    assert {ended for read, made, *_ in outcomes.values() for ended in (read, made)} <= TYPED


def test_bombs_do_no_harm(outcomes: Outcomes) -> None:
    bombs = {name[6:]: outcome[:2] for name, outcome in of_kind(outcomes, "bomb").items()}
    both = "done", "done"
    assert bombs == {
        "jpeg header": ("ImageTooLargeError", "ImageTooLargeError"),
        "png header": ("ImageTooLargeError", "ImageTooLargeError"),
        "png text": both,
        "png international text": both,
        "png profile": both,
        "png data": both,
        "second png header": both,
        "1,000 frames": both,
        "20,000 png chunks": both,
        "20,000 jpeg segments": ("ImageIdentifyError", "ImageIdentifyError"),
        "second jpeg frame": ("done", "ImageIdentifyError"),
        "3,000 scans": ("done", "ImageTooLargeError"),
        "gif header": ("NotSupportedImageType", "NotSupportedImageType"),
    }


def test_what_a_cut_leaves_is_shown_and_said_to_be_truncated(outcomes: Outcomes) -> None:
    shown = [stored for _, made, _, stored in of_kind(outcomes, "cut").values() if made == "done"]
    assert len(shown) > 50
    whole = [stored for stored in shown if not stored.get("truncated")]
    # Of a PNG the last bytes are the end's checksum, which nobody needs.
    assert len(whole) <= 2 * 12


def test_metadata_never_rejects_what_gets_a_thumbnail(outcomes: Outcomes) -> None:
    assert [name for name, (read, made, *_) in outcomes.items() if made == "done" != read] == []


def test_a_directory_that_leads_astray_loses_no_other(outcomes: Outcomes) -> None:
    trees = of_kind(outcomes, "exif")
    assert {outcome[:2] for outcome in trees.values()} == {("done", "done")}
    assert [name for name, (*_, stored) in trees.items() if stored.get("exifMake") != "Can"] == []


@pytest.mark.skipif(
    not MALFORMED.is_dir(), reason="the corpus of malformed files is not on this machine (../shared/corpus)"
)
def test_the_corpus_of_malformed_files_does_no_harm() -> None:
    outcomes = walked(str(MALFORMED))
    assert set(outcomes) == {path.name for path in MALFORMED.iterdir()}
    assert {ended for read, made, *_ in outcomes.values() for ended in (read, made)} <= TYPED
    assert sum(made == "done" for _, made, *_ in outcomes.values()) > 80
    assert [name for name, (read, made, *_) in outcomes.items() if made == "done" != read] == []
