"""`imageproc duplicates`, `similar` and `rarest`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imageproc.cli.output import console
from imageproc.core.thumbnail import make_thumbnail
from tests.cli.conftest import Run, objects
from tests.client.conftest import Backend


@pytest.fixture
def picture(backend: Backend, tmp_path: Path) -> Path:
    path = tmp_path / "here.png"
    Image.radial_gradient("L").save(path)
    look = make_thumbnail(path.read_bytes()).perceptual_hash or ""
    near = f"{look[:-1]}{int(look[-1], 16) ^ 3:x}"
    large: dict[str, Any] = {"dimensions": {"width": 4000, "height": 3000}, "fileSize": 5_000_000}
    backend.write("t/large.jpg", contentHash="sha256:" + "1" * 64, perceptualHash=look, **large)
    backend.write("t/copy.jpg", contentHash="sha256:" + "1" * 64, perceptualHash=look)
    backend.write("t/near.jpg", contentHash="sha256:" + "2" * 64, perceptualHash=near)
    backend.write("t/old.jpg")
    return path


def test_duplicates_are_listed_in_groups(run: Run, picture: Path) -> None:
    assert objects(run("duplicates", "--json")) == [
        {"keep": "t/large.jpg", "others": [{"imageID": "t/copy.jpg", "distance": 0}]}
    ]
    (near,) = objects(run("duplicates", "--kind", "near", "--json"))
    assert near["others"] == [
        {"imageID": "t/copy.jpg", "distance": 0},
        {"imageID": "t/near.jpg", "distance": 2},
    ]
    shown = run("duplicates", "--kind", "near").stdout
    assert re.search(r"^keep +4000 × 3000 +5.0 MB  t/large.jpg$", shown, re.M)
    assert "the same file" in shown
    assert "differs in 2 of 144 bits" in shown
    assert "1 group: 2 photos of 4 could go. Nothing was deleted" in shown
    assert "1 photo could not be compared" in shown
    assert "imageproc reprocess --only thumbnail adds it" in " ".join(shown.split())


@pytest.mark.parametrize("width", [80, None], ids=["80 columns", "a pipe"])
def test_an_id_can_be_pasted_however_long_it_is(
    backend: Backend, run: Run, monkeypatch: pytest.MonkeyPatch, width: int | None
) -> None:
    long, same = f"trip/0123456789ab-{'holiday ' * 12}1.jpg", {"contentHash": "sha256:" + "1" * 64}
    labels: Any = [{"name": f"Label {number}", "confidence": 90, "boxes": []} for number in range(20)]
    for photo_id in (long, "trip/2.jpg"):
        backend.write(photo_id, perceptualHash="dct144:" + "1" * 36, labels=labels, **same)
    monkeypatch.setattr(console, "_width", width)
    monkeypatch.delenv("COLUMNS")
    for command in (("duplicates",), ("similar", "2.jpg", "--by", "hash"), ("rarest",)):
        (line,) = [one for one in run(*command).stdout.splitlines() if one.endswith("1.jpg")]
        assert line.endswith(f"  {long}")
    shown = run("show", long).stdout
    assert "Label 0" in shown


def test_only_what_is_selected_is_looked_at(run: Run, picture: Path) -> None:
    assert "None of 1 photo is there twice." in run("duplicates", "--name", "large*").stdout


def test_a_threshold_needs_near(run: Run, picture: Path) -> None:
    answer = run("duplicates", "--threshold", "3")
    assert answer.exit_code == 2
    assert "--kind near" in answer.output


def test_similar_takes_a_photo_or_a_file(run: Run, picture: Path) -> None:
    of_photo = objects(run("similar", "near.jpg", "--json", "--limit", 1))
    assert of_photo == [{"imageID": "t/copy.jpg", "similarity": 0.986, "distance": 2}]
    of_file = objects(run("similar", picture, "--json", "--name", "near*"))
    assert of_file == [{"imageID": "t/near.jpg", "similarity": 0.986, "distance": 2}]
    assert "t/large.jpg" in run("similar", picture).stdout
    assert "No other photo" in run("similar", picture, "--name", "old*").stdout


def test_the_odd_ones_out_are_listed(backend: Backend, run: Run) -> None:
    for name, tags in {"dog": ["Dog"], "dogs": ["Dog"], "rocket": ["Rocket"], "nothing": []}.items():
        labels: Any = [{"name": tag, "confidence": 90, "boxes": []} for tag in tags]
        backend.write(f"t/{name}.jpg", labels=labels, tags=tags)
    (first,) = objects(run("rarest", "--limit", 1, "--json"))
    assert first == {"imageID": "t/rocket.jpg", "rarity": 1.0, "labels": {"Rocket": 1}}
    shown = run("rarest").stdout
    assert re.search(r"^1.00    Rocket \(1\) +t/rocket.jpg$", shown, re.M)
    assert "1 photo without labels." in shown
    assert "No photo has a label." in run("rarest", "--name", "nothing*").stdout
