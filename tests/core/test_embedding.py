"""Embeddings: what they are made of, and that like things have like ones."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageEnhance

from imageproc.core.embedding import embedder
from imageproc.core.record import EMBEDDING_BYTES
from imageproc.errors import ImageIdentifyError
from imageproc.local.recognition.models import missing_packages

pytestmark = pytest.mark.skipif(bool(missing_packages()), reason="LiteRT and the models are not installed")


def saved(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def cat() -> Image.Image:
    from skimage import data

    return Image.fromarray(data.chelsea())


def cosine(one: bytes, other: bytes) -> float:
    import numpy as np

    a, b = (np.frombuffer(each, np.uint8).astype(float) for each in (one, other))
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_it_is_what_the_model_has_before_its_last_layer(cat: Image.Image) -> None:
    """The last layer, applied to it, says what the model says: an Egyptian cat, or a tabby."""
    import numpy as np

    found = embedder().embed(saved(cat, "PNG"))
    inside = embedder()._interpreter
    index = {one["name"]: one["index"] for one in inside.get_tensor_details()}
    weights = inside.get_tensor(index["efficientnet-lite3/model/head/dense/MatMul"]).astype(float)
    scores = weights @ np.frombuffer(found, np.uint8).astype(float)
    assert len(found) == EMBEDDING_BYTES
    assert int(scores.argmax()) in {281, 285}


def test_the_same_picture_has_the_same_one_and_a_changed_one_nearly(cat: Image.Image) -> None:
    whole = embedder().embed(saved(cat))
    assert embedder().embed(saved(cat)) == whole
    small = ImageEnhance.Brightness(cat.resize((226, 150))).enhance(1.2)
    assert cosine(whole, embedder().embed(saved(small))) > 0.85
    from skimage import data

    rocket = Image.fromarray(data.rocket())
    assert cosine(whole, embedder().embed(saved(rocket))) < 0.5


def test_the_picture_is_upright_and_transparency_is_white(cat: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = saved(cat.transpose(Image.Transpose.ROTATE_90), exif=exif, quality=95)
    assert cosine(embedder().embed(saved(cat, quality=95)), embedder().embed(turned)) > 0.95
    clear = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    white = Image.new("RGB", (300, 300), "white")
    assert embedder().embed(saved(clear, "PNG")) == embedder().embed(saved(white, "PNG"))


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ImageIdentifyError):
        embedder().embed(b"\xff\xd8\xff nothing")
