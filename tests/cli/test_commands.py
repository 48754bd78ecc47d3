"""Commands with a workbench that is made up: what they print, and what they do when nobody answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from click.testing import CliRunner, Result

from imageproc.cli import imageproc
from imageproc.cli.options import Connection
from imageproc.cli.output import console
from imageproc.client.photos.failures import failures_of, grouped
from imageproc.client.photos.photo import Photo
from imageproc.client.uploads.events import ObjectVersion, PreparedFile, Uploaded
from imageproc.core.record_codec import decode
from imageproc.errors import ImageIdentifyError, RecognitionRefusedError
from tests.pictures import jpeg

CAUSE = "Rekognition cannot take this photo: The image has more than 15,728,640 bytes."


def photo(name: str, **stored: Any) -> Photo:
    return decode({"imageID": f"a/0123456789ab-{name}", "status": "SUCCEEDED", **stored}, Photo)


@pytest.fixture
def workbench(monkeypatch: pytest.MonkeyPatch) -> Iterator[MagicMock]:
    made = MagicMock()
    monkeypatch.setattr(Connection, "workbench", made)
    monkeypatch.setattr(console, "width", 80, raising=False)
    return made


def run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(imageproc, list(arguments), input=given)


def test_a_mistyped_command_gets_the_right_one() -> None:
    answer = run("uplod", "x.jpg")
    assert answer.exit_code == 2
    assert "Did you mean 'upload'?" in answer.stderr


def test_the_end_of_the_input_removes_nothing_and_says_so(workbench: MagicMock) -> None:
    answer = run("destroy", given="")
    assert answer.exit_code == 1
    assert "There was no answer: nothing was removed. --yes" in answer.stderr
    assert not workbench.stack.destroy.called


def test_boxes_are_shown_in_words(workbench: MagicMock) -> None:
    box = {"left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4, "confidence": 90}
    labels = [{"name": "Dog", "confidence": 97.2, "boxes": [box]}, {"name": "Pet", "confidence": 90}]
    workbench.photos.find.return_value = photo("dog.jpg", labels=labels, exifModel="X1")
    lines = run("show", "dog.jpg").stdout.splitlines()
    assert "exifModel                   X1" in lines
    at = lines.index("labels                      Dog 97 %: 10% from left, 20% from top, 30% × 40%")
    assert lines[at + 1] == "                            Pet 90 %"


def test_failures_are_legible_in_eighty_columns(workbench: MagicMock) -> None:
    refused = {"step": "Rekognition", "name": RecognitionRefusedError.__name__, "cause": CAUSE}
    unknown = {
        "step": "ExtractImageMetadata",
        "name": ImageIdentifyError.__name__,
        "cause": "it looks like text",
    }
    found = [
        photo("huge.jpg", status="INCOMPLETE", missing={"tags": refused}),
        *(photo(f"{number}.txt", status="REJECTED", error=unknown) for number in range(5)),
    ]
    workbench.photos.failures.return_value = grouped(failures_of(found))
    workbench.dead_letters.count.return_value = 0
    assert run("failures").stdout.splitlines() == [
        "5 photos rejected: 0.txt, 1.txt, 2.txt and 2 more",
        "  ExtractImageMetadata: ImageIdentifyError: it looks like text",
        "1 photo incomplete, no tags: huge.jpg",
        "  Rekognition: RecognitionRefusedError: Rekognition cannot take this photo: The ",
        "image has more than 15,728,640 bytes.",
    ], "and no advice to retry what Rekognition refuses"


def test_an_interrupted_upload_says_what_was_sent(workbench: MagicMock, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg())
    (tmp_path / "b.jpg").write_bytes(jpeg())
    ready = [PreparedFile(path, path.name, 9, "image/jpeg") for path in sorted(tmp_path.iterdir())]

    def send(*_: Any, **__: Any) -> Iterator[Uploaded]:
        yield Uploaded(ready[0], ObjectVersion(None, 0))
        raise KeyboardInterrupt

    workbench.uploads.prepare.return_value = ready
    workbench.uploads.send = send
    answer = run("upload", str(tmp_path))
    assert answer.exit_code != 0
    assert "1 of 2 files are uploaded. Run it again for the others." in answer.stderr
