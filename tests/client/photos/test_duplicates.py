"""Duplicates and similar photos: which are found, and which one is kept."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imageproc import PhotoView
from imageproc.catalog.hamming import groups_of
from imageproc.core import embedding as core_embedding
from imageproc.core.perceptual_hash import distance
from imageproc.core.thumbnail import make_thumbnail
from imageproc.errors import (
    DownloadError,
    InvalidArgumentError,
    PhotoNotFoundError,
    ResourcesMissingError,
)
from imageproc.local.recognition.models import missing_packages
from tests import soak
from tests.client.conftest import Backend

LOOK = random.Random(7).getrandbits(144)
SMALL, LARGE = {"width": 400, "height": 300}, {"width": 4000, "height": 3000}


def look(bits: int = 0) -> str:
    """The hash of a picture that differs in so many bits, spread over all of it."""
    return f"dct144:{LOOK ^ sum(1 << place * 144 // max(bits, 1) for place in range(bits)):036x}"


OTHER = f"dct144:{random.Random(8).getrandbits(144):036x}"


@pytest.fixture
def photos(backend: Backend) -> PhotoView:
    write = backend.write
    write("a/large.jpg", contentHash="sha256:" + "1" * 64, perceptualHash=look(), dimensions=LARGE)
    write(
        "b/again.jpg",
        contentHash="sha256:" + "1" * 64,
        perceptualHash=look(),
        dimensions=LARGE,
        exifMake="Canon",
    )
    write("a/small.jpg", contentHash="sha256:" + "2" * 64, perceptualHash=look(30), dimensions=SMALL)
    write("a/other.jpg", contentHash="sha256:" + "3" * 64, perceptualHash=OTHER, dimensions=LARGE)
    write("a/empty.png", contentHash="sha256:" + "4" * 64)
    write("b/empty.png", contentHash="sha256:" + "4" * 64)
    write("a/old.jpg", contentHash=None)
    return backend.workbench.photos.where()


def ids(found: Any) -> list[list[str]]:
    return [[photo.id for photo in group.photos] for group in found]


def test_exact_duplicates_have_the_same_content(photos: PhotoView) -> None:
    found = photos.duplicates()
    assert ids(found) == [["a/empty.png", "b/empty.png"], ["b/again.jpg", "a/large.jpg"]]
    assert found[1].kept.id == "b/again.jpg"  # it has EXIF
    assert [one.id for one in found[1].others] == ["a/large.jpg"]
    assert (found.examined, found.without_hash) == (7, 1)
    assert found.spare == ["b/empty.png", "a/large.jpg"]
    assert repr(found) == "<Duplicates: 2 groups, 2 photos to spare of 7, 1 without a hash>"
    page = found._repr_html_()
    assert "Duplicates: 2 groups, 2 photos to spare of 7, 1 without a hash" in page
    for group in found:
        assert f"Keep {group.kept.name}:" in page
        assert all(photo.name in page for photo in group.others)


def test_what_is_no_photo_is_not_asked_for_a_hash(backend: Backend, photos: PhotoView) -> None:
    backend.write("a/note.txt", contentHash=None, status="REJECTED")
    assert [photos.duplicates(kind).without_hash for kind in ("exact", "near")] == [1, 3]


def test_near_duplicates_look_the_same(photos: PhotoView) -> None:
    found = photos.duplicates("near")
    assert ids(found) == [["b/again.jpg", "a/large.jpg", "a/small.jpg"], ["a/empty.png", "b/empty.png"]]
    assert found[0].distances == (0, 0, 30)
    assert found.without_hash == 3
    assert ids(photos.duplicates("near", threshold=29)[:1]) == [["a/empty.png", "b/empty.png"]]
    assert ids(photos.where(name="*.jpg").limit(0).duplicates("near")) == []


@pytest.mark.parametrize(
    "better",
    [
        {"dimensions": LARGE},
        {"creationTime": "2014-01-01T00:00:00"},
        {"exifModel": "EOS"},
        {"fileSize": 2000},
        {"uploadTime": 5},
    ],
)
def test_the_best_one_is_kept(backend: Backend, better: dict[str, Any]) -> None:
    alike: dict[str, Any] = {
        "contentHash": "sha256:" + "1" * 64,
        "dimensions": SMALL,
        "fileSize": 1000,
        "uploadTime": 9,
    }
    backend.write("a.jpg", **alike)
    backend.write("b.jpg", **(alike | better))
    (group,) = backend.workbench.photos.where().duplicates()
    assert group.kept.id == "b.jpg"


def test_an_old_record_looks_like_another_one_of_the_same_content(backend: Backend) -> None:
    backend.write("new.jpg", contentHash="sha256:" + "1" * 64, perceptualHash=look(), dimensions=SMALL)
    backend.write("old.jpg", contentHash="sha256:" + "1" * 64)
    backend.write("near.jpg", contentHash="sha256:" + "2" * 64, perceptualHash=look(9))
    found = backend.workbench.photos.where().duplicates("near")
    assert (ids(found), found.without_hash) == ([["new.jpg", "near.jpg", "old.jpg"]], 0)


def test_a_photo_that_was_forgotten_since_is_left_out(photos: PhotoView) -> None:
    found = photos.duplicates()
    erasure = photos.photos.get("a/large.jpg")
    photos.photos._records.erase(erasure.id)
    photos.photos.catalog.sync()
    assert [photo.id for photo in found[1].photos] == ["b/again.jpg"]


def test_a_group_of_which_nothing_is_left_is_left_out(photos: PhotoView) -> None:
    found = photos.duplicates()
    for photo_id in ("a/empty.png", "b/empty.png"):
        photos.photos._records.erase(photo_id)
    photos.photos.catalog.sync()
    assert [group.kept.id for group in found] == ["b/again.jpg"]
    assert [group.kept.id for group in found[:2]] == ["b/again.jpg"]
    with pytest.raises(PhotoNotFoundError, match="Look for duplicates again"):
        found[0]


@pytest.mark.parametrize(
    ("kind", "threshold"), [("close", None), ("exact", 3), ("near", 144), ("near", -1), ("near", True)]
)
def test_what_cannot_be_asked_is_refused(photos: PhotoView, kind: str, threshold: int | None) -> None:
    with pytest.raises(InvalidArgumentError):
        photos.duplicates(kind, threshold=threshold)


def test_without_numpy_it_is_said_what_is_missing(photos: PhotoView, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(ResourcesMissingError, match="NumPy"):
        photos.duplicates("near")


def embedding(*numbers: int) -> bytes:
    return bytes(numbers) + bytes(1280 - len(numbers))


@pytest.fixture
def embedded(backend: Backend) -> PhotoView:
    write = backend.write
    write("a/dog.jpg", perceptualHash=look(), embedding=embedding(200, 10))
    write("a/puppy.jpg", perceptualHash=OTHER, embedding=embedding(100, 40))
    write("a/cat.jpg", perceptualHash=OTHER, embedding=embedding(200, 200))
    write("a/car.jpg", perceptualHash=look(2), embedding=embedding(0, 0, 255))
    write("a/early.jpg", perceptualHash=look(9))
    return backend.workbench.photos.where()


def test_photos_of_like_things_are_found_by_their_embeddings(embedded: PhotoView) -> None:
    found = embedded.photos.get("a/dog.jpg").similar()
    assert [(one.photo.id, round(one.similarity, 3), one.distance) for one in found] == [
        ("a/puppy.jpg", 0.946, None),
        ("a/cat.jpg", 0.742, None),
    ]
    assert [one.photo.id for one in embedded.where(name="c*").similar_to("dog.jpg", 5)] == ["a/cat.jpg"]
    assert [one.photo.id for one in embedded.similar_to("dog.jpg", 1)] == ["a/puppy.jpg"]
    assert [one.photo.id for one in embedded.similar_to("dog.jpg", by="hash")] == ["a/car.jpg", "a/early.jpg"]
    assert [one.photo.id for one in embedded.similar_to("dog.jpg", threshold=2)] == ["a/car.jpg"]


def test_a_photo_without_an_embedding_is_compared_by_its_hash_unless_asked_otherwise(
    embedded: PhotoView,
) -> None:
    found = embedded.similar_to("early.jpg")
    assert [(one.photo.id, one.distance) for one in found] == [("a/car.jpg", 9), ("a/dog.jpg", 9)]
    with pytest.raises(InvalidArgumentError, match=r"no embedding.*Similarity=Enabled"):
        embedded.similar_to("early.jpg", by="embedding")
    with pytest.raises(InvalidArgumentError, match="by 'colour'"):
        embedded.similar_to("early.jpg", by="colour")
    with pytest.raises(InvalidArgumentError, match="bits"):
        embedded.similar_to("dog.jpg", by="embedding", threshold=3)


def test_an_embedding_follows_its_photo_and_goes_with_it(backend: Backend, embedded: PhotoView) -> None:
    assert [one.photo.name for one in embedded.similar_to("car.jpg")] == []
    backend.write("a/van.jpg", embedding=embedding(0, 9, 250))
    assert [one.photo.name for one in embedded.similar_to("car.jpg")] == ["van.jpg"]
    backend.write("a/van.jpg", embedding=embedding(250))
    assert [one.photo.name for one in embedded.similar_to("car.jpg")] == []
    embedded.photos.catalog.erase()
    assert embedded.photos.get("a/van.jpg").embedding == embedding(250)
    assert [one.photo.name for one in embedded.similar_to("van.jpg", 1)] == ["dog.jpg"]


def said_by(code: str) -> str:
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return ran.stderr


@pytest.mark.skipif(bool(missing_packages()), reason="LiteRT and the models are not installed")
def test_what_compares_a_file_by_its_embedding_says_nothing_of_its_own(
    embedded: PhotoView, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # LiteRT tells it once in a process, and another test may have loaded it in this one.
    load = "from imageproc.core.embedding import Embedder; Embedder()"
    quietly = "from imageproc.client.native_messages import no_native_messages as no\nwith no(): "
    assert "INFO" in said_by(load), "LiteRT says nothing any more: native_messages.py may go"
    assert said_by(f"{quietly}{load}") == ""
    monkeypatch.setattr(core_embedding, "embedder", core_embedding.Embedder)
    path = tmp_path / "here.png"
    Image.radial_gradient("L").save(path)
    embedded.similar_to(path, by="embedding")
    assert capfd.readouterr().err == ""
    os.write(2, b"still there")
    assert capfd.readouterr().err == "still there"


def test_similar_photos_come_the_likest_first(photos: PhotoView, tmp_path: Path) -> None:
    found = photos.photos.get("a/small.jpg").similar()
    assert [(one.photo.id, one.distance) for one in found] == [("a/large.jpg", 30), ("b/again.jpg", 30)]
    assert [one.photo.id for one in photos.photos.similar_to("small.jpg", 1)] == ["a/large.jpg"]
    assert [one.photo.id for one in photos.where(name="other*").similar_to("a/small.jpg")] == []
    assert [one.photo.id for one in photos.similar_to("a/small.jpg", threshold=29)] == []


def test_a_file_is_compared_too(backend: Backend, tmp_path: Path) -> None:
    path = tmp_path / "here.png"
    Image.radial_gradient("L").save(path)
    backend.write("same.png", perceptualHash=make_thumbnail(path.read_bytes()).perceptual_hash)
    found = backend.workbench.photos.similar_to(path)
    assert [(one.photo.id, one.distance) for one in found] == [("same.png", 0)]
    with pytest.raises(DownloadError, match=r"nothing\.png"):
        backend.workbench.photos.similar_to(tmp_path / "nothing.png")
    Image.new("L", (60, 60)).save(path)
    with pytest.raises(InvalidArgumentError, match="Nothing can be seen"):
        backend.workbench.photos.similar_to(path)


def test_what_has_no_hash_cannot_be_compared(photos: PhotoView) -> None:
    with pytest.raises(InvalidArgumentError, match="reprocess PHOTO --only thumbnail"):
        photos.similar_to("a/old.jpg")


@settings(max_examples=soak.of(25, 300))
@given(
    st.lists(st.integers(0, 2**144 - 1), max_size=30),
    st.lists(st.tuples(st.integers(0, 40), st.sets(st.integers(0, 143), max_size=12)), max_size=40),
    st.integers(0, 60),
)
def test_groups_are_what_hangs_together(
    bases: list[int], copies: list[tuple[int, set[int]]], threshold: int
) -> None:
    numbers = list(bases)
    for number, flipped in copies:  # copies of copies make chains
        if number < len(numbers):
            numbers.append(numbers[number] ^ sum(1 << place for place in flipped))
    hashes = [f"dct144:{number:036x}" for number in numbers]
    assert groups_of(hashes, threshold) == by_hand(hashes, threshold)


def by_hand(hashes: list[str], threshold: int) -> list[int]:
    groups = list(range(len(hashes)))
    for one, first in enumerate(hashes):
        for other, second in enumerate(hashes[:one]):
            if distance(first, second) <= threshold:
                low, high = sorted((groups[one], groups[other]))
                groups = [low if group == high else group for group in groups]
    return groups


def test_blocks_meet_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imageproc.catalog.hamming._ROWS", 3)
    monkeypatch.setattr("imageproc.catalog.hamming._COLUMNS", 5)
    monkeypatch.setattr("imageproc.catalog.hamming._AT_ONCE", 1)
    chance = random.Random(3)
    numbers = [chance.getrandbits(144) for _ in range(10)]
    numbers += [number ^ 1 << chance.randrange(144) for number in numbers * 3]
    chance.shuffle(numbers)
    hashes = [f"dct144:{number:036x}" for number in numbers]
    assert groups_of(hashes, 2) == by_hand(hashes, 2)
    assert len(set(groups_of(hashes, 2))) == 10
