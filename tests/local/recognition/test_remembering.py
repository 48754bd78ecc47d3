"""What recognition has seen is not looked at again: a file, or the same pixels in another file."""

from __future__ import annotations

import pytest

pytest.importorskip("cv2", reason="the extra 'recognition' is not installed")

from imageproc.errors import ImageIdentifyError
from imageproc.local.recognition import remembering
from imageproc.local.recognition.labels import FoundLabel


def test_a_file_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "_REMEMBERED", 2)
    looked: list[bytes] = []

    def recognise(data: bytes) -> list[FoundLabel]:
        looked.append(data)
        return [FoundLabel(data.decode(), 1.0, (), "Any")]

    remember = remembering.Remembering(recognise)
    for data in (b"a", b"b", b"a", b"b", b"c", b"a"):
        assert remember(data)[0].name == data.decode()
    assert looked == [b"a", b"b", b"c", b"a"], "the third one made room"


def test_what_is_no_photo_is_refused_each_time() -> None:
    def refuse(_data: bytes) -> list[FoundLabel]:
        raise ImageIdentifyError("no photo")

    remember = remembering.Remembering(refuse)
    for _ in range(2):
        with pytest.raises(ImageIdentifyError):
            remember(b"no photo")
