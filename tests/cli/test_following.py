"""Photos followed by a command: an outage is waited for, and what is done is not told twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from imageproc import Status
from imageproc.cli import following
from imageproc.client.photos.photo import Photo
from imageproc.client.uploads import outage
from imageproc.core.record_codec import decode
from imageproc.errors import AwsError, EndpointUnreachableError

UNREACHABLE = EndpointUnreachableError("Reading the photos", "the local AWS does not answer.")


class Bench:
    """A workbench whose photos are read as told: each time some that are finished, then an error or none."""

    def __init__(self, *answers: tuple[Sequence[str], Exception | None], down: int = 0) -> None:
        self.answers, self.asked, self.down = list(answers), list[list[str]](), down
        self.photos = SimpleNamespace(follow=self.follow)
        self.albums = SimpleNamespace(of=self.of)
        self.stack = SimpleNamespace(target=SimpleNamespace(reread_credentials=lambda: None))

    def follow(self, photos: list[str], **_: Any) -> Iterator[Photo]:
        self.asked.append(photos)
        ids, error = self.answers.pop(0)
        for one in ids:
            yield decode({"imageID": one, "status": Status.SUCCEEDED}, Photo)
        if error:
            raise error

    def of(self) -> Iterator[str]:
        self.down -= 1
        if self.down >= 0:
            raise UNREACHABLE
        return iter(["an album"])


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "_SHORTEST_S", 0.01)


def follow(bench: Any, photos: Sequence[str], **options: float) -> list[str]:
    return [photo.id for photo in following.follow(bench, photos, **options)]


def test_an_outage_is_waited_for_and_only_what_is_left_is_followed_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench = Bench((["a"], UNREACHABLE), (["b"], UNREACHABLE), (["c"], None), down=2)
    assert follow(bench, ["a", "b", "c"]) == ["a", "b", "c"]
    assert bench.asked == [["a", "b", "c"], ["b", "c"], ["c"]]
    said = " ".join(capsys.readouterr().out.split())
    assert said.count("Waiting: ") == 1
    assert "It goes on by itself" in said
    assert "AWS answers again: the photos are followed on." in said


def test_what_is_no_outage_or_lasts_too_long_is_raised() -> None:
    with pytest.raises(AwsError, match="denied"):
        follow(Bench((["a"], AwsError("Reading", "denied"))), ["a", "b"])
    with pytest.raises(EndpointUnreachableError):
        follow(Bench((["a"], UNREACHABLE), down=99), ["a", "b"], outage_timeout_s=0.05)
