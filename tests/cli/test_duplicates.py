"""`imageproc duplicates`, `similar` and `rarest`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

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
    assert "keep  t/large.jpg  4000 × 3000" in shown
    assert "the same file" in shown
    assert "differs in 2 of 144 bits" in shown
    assert "1 group: 2 photos of 4 could go. Nothing was deleted" in shown
    assert "1 photo could not be compared" in shown
    assert "reprocess --only thumbnail" in " ".join(shown.split())


def test_only_what_is_selected_is_looked_at(run: Run, picture: Path) -> None:
    assert "No photo is there twice." in run("duplicates", "--name", "large*").stdout


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
    assert "t/rocket.jpg  1.00    Rocket (1)" in shown
    assert "1 photo without labels." in shown
    assert "No photo has a label." in run("rarest", "--name", "nothing*").stdout
