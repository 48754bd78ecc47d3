"""A view's photos in two dimensions."""

from __future__ import annotations

import pytest

from imageproc.catalog.projection import FOLDER
from imageproc.client.photos import projection
from imageproc.errors import InvalidArgumentError
from tests.client.conftest import Backend


def embedding(number: int) -> bytes:
    return bytes((number * place * place) % 251 for place in range(1280))


def test_photos_lie_the_same_however_their_view_is_sorted_and_only_those_with_embeddings(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        backend.write(f"a/{number:02}.jpg", embedding=embedding(number + 1))
    backend.write("a/early.jpg")
    view = backend.workbench.photos.where()
    up, down = (view.sort_by("name", descending=descending).projection() for descending in (False, True))
    assert [*up.columns] == ["id", "x", "y"]
    assert [*up["id"]] == [f"a/{number:02}.jpg" for number in range(12)]
    assert [*down["id"]] == [*up["id"]][::-1]
    assert up.set_index("id").to_dict("index") == down.set_index("id").to_dict("index")
    assert len(view.to_frame().merge(up, on="id")) == 12
    assert view.where(name="early*").projection().empty
    folder = view.photos.catalog.folder
    assert len([*(folder / FOLDER).iterdir()]) == 1

    monkeypatch.setattr(projection, "MOST_LAID_OUT", 5)
    with pytest.raises(InvalidArgumentError, match=r"12 photos are too many.*view\.sample\(5\)"):
        view.projection()

    privacy = backend.workbench.privacy
    list(privacy.erase(privacy.of_photos(["a/00.jpg"])))
    assert not (folder / FOLDER).exists(), "nothing is left of a photo that was erased"
