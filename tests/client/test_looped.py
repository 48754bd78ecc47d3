"""What is done while somebody loops over it says so, and does nothing before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from imageproc.client.looped import Looped, looped
from tests import pictures
from tests.client.conftest import Backend


def test_an_upload_that_nobody_loops_over_says_that_nothing_is_done(backend: Backend, tmp_path: Path) -> None:
    (tmp_path / "cat.jpg").write_bytes(pictures.jpeg())
    album = backend.workbench.albums.get_or_create("Cats")
    sent = backend.workbench.uploads.upload(tmp_path, album)
    assert repr(sent) == "<upload: nothing is done before it is looped over, by list(…) say>"
    assert "Contents" not in backend.stack.client("s3").list_objects_v2(Bucket=backend.stack.bucket)
    next(sent)
    assert repr(sent) == "<upload: begun>"
    list(sent)
    assert backend.stack.client("s3").list_objects_v2(Bucket=backend.stack.bucket)["KeyCount"] == 1


def test_it_ends_as_a_generator_does() -> None:
    ended: list[str] = []

    @looped
    def counting(most: int) -> Iterator[int]:
        try:
            yield from range(most)
        finally:
            ended.append("closed")

    numbers = counting(most=3)
    assert isinstance(numbers, Looped)
    assert numbers
    with pytest.raises(TypeError, match=r"counting has no length.*len\(list\("):
        len(numbers)
    with pytest.raises(TypeError, match="counting has no items"):
        numbers[0]
    assert next(numbers) == 0
    numbers.close()
    assert ended == ["closed"]
    assert list(numbers) == []
    with pytest.raises(TypeError, match="counting"):
        counting(least=1)  # type: ignore[call-arg]
