"""The real models on real photos."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from imageproc.local.recognition.models import missing_packages

if missing_packages():
    pytest.skip(f"{missing_packages()} not installed", allow_module_level=True)

from benchmarks.labelled_photos import PHOTOS
from benchmarks.recognition import names_of, score
from imageproc.errors import ImageIdentifyError
from imageproc.local.recognition.recognizer import Recognizer
from tests import pictures


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer()


def photo(name: str) -> Path:
    path = next(one.path() for one in PHOTOS if one.name == name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("chelsea.png", {"Cat", "Animal", "Pet"}),
        ("astronaut.png", {"Person"}),
        ("coffee.png", {"Coffee", "Cup"}),
        ("rocket.jpg", {"Rocket"}),
    ],
)
def test_the_sample_photos_get_the_right_labels(
    recognizer: Recognizer, name: str, expected: set[str]
) -> None:
    assert expected <= set(names_of(recognizer, photo(name).read_bytes()))


def test_labels_are_right_often_enough(recognizer: Recognizer) -> None:
    judged, count = score(recognizer)
    assert count >= 12
    assert judged.given >= 20, "to say nothing is no way to be precise"
    assert judged.precision >= 0.85, judged.wrong
    assert judged.recall >= 0.5


def test_the_same_pixels_are_looked_at_once(recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that differs in its metadata alone, and a plain picture of another size."""
    remembering, looked = Recognizer(remember=True), list[str]()
    for model in (remembering._classifier, remembering._detector):
        known: Any = model._look
        monkeypatch.setattr(known, "_look", counted(known._look, looked, type(model).__name__))
    files = [pictures.jpeg(make="A"), pictures.jpeg(make="B"), pictures.jpeg((80, 90)), pictures.png()]
    found = [remembering.labels(file) for file in files]
    assert found == [recognizer.labels(file) for file in files]
    # A plain picture is its own mirror image.
    assert Counter(looked) == {"Classifier": 2, "Detector": 2}


def counted(look: Callable[[Any], Any], looked: list[str], name: str) -> Callable[[Any], Any]:
    def looks(seen: Any) -> Any:
        looked.append(name)
        return look(seen)

    return looks


def test_a_photo_on_its_side_is_seen_upright(recognizer: Recognizer) -> None:
    with Image.open(photo("chelsea.png")) as cat:
        sideways = cat.convert("RGB").transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[pictures.ORIENTATION] = 6
    buffer = io.BytesIO()
    sideways.save(buffer, "JPEG", exif=exif, quality=92)
    found = {label.name: label for label in recognizer.labels(buffer.getvalue())}
    box = found["Cat"].instances[0].box
    # The cat's head fills the picture from the top; its ears are at the upper edge, as one sees it upright.
    assert found["Cat"].confidence > 0.8
    assert box.height > 0.9
    assert box.width > 0.8


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_kind_of_png_is_looked_at(recognizer: Recognizer, mode: str) -> None:
    for label in recognizer.labels(pictures.png((64, 48), mode)):
        assert 0 < label.confidence <= 1
        for one in label.instances:
            box = one.box
            assert 0 <= box.left <= box.left + box.width <= 1.0001
            assert 0 <= box.top <= box.top + box.height <= 1.0001


def test_what_is_no_photo_is_refused(recognizer: Recognizer) -> None:
    with pytest.raises(ImageIdentifyError):
        recognizer.labels(b"no photo")


def test_memory_does_not_grow_with_the_number_of_photos(recognizer: Recognizer) -> None:
    data = [photo(name).read_bytes() for name in ("rocket.jpg", "chelsea.png", "coffee.png")]
    data.append(pictures.jpeg((3000, 2000)))
    process = psutil.Process()
    for number in range(8):
        recognizer.labels(data[number % len(data)])
    before = process.memory_info().rss
    for number in range(24):
        recognizer.labels(data[number % len(data)])
    # A photo that stayed would be 1 MB at least, decoded, each time: 24 times, every sixth of 18 MB.
    assert process.memory_info().rss - before < 20_000_000
