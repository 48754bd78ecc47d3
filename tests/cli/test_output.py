"""What the command line says of photos, in few words."""

from __future__ import annotations

from typing import Any

import pytest

from imageproc.cli.failures import _print_group
from imageproc.cli.output import Reasons, brief, console, print_table, size
from imageproc.client.photos.failures import failures_of, grouped
from imageproc.client.photos.photo import Photo
from imageproc.core.record_codec import decode


def photo(**stored: Any) -> Photo:
    return decode({"imageID": "a/0123456789ab-cat.jpg", "status": "SUCCEEDED", **stored}, Photo)


LATE = {"step": "Rekognition", "name": "TransientServiceError", "cause": "slow down"}


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ({"tags": ["Cat", "Pet"]}, "Cat, Pet"),
        ({"status": "INCOMPLETE", "missing": {"tags": LATE}, "error": LATE}, "no tags"),
        ({"status": "FAILED", "error": LATE}, "TransientServiceError"),
        ({"tags": ["Cat"], "truncated": True}, "Cat; truncated: the file lacks its end"),
    ],
)
def test_a_photo_in_few_words(stored: dict[str, Any], said: str) -> None:
    assert brief(photo(**stored)) == said


def test_each_reason_comes_once_with_the_names_of_its_photos() -> None:
    reasons, failed = Reasons(), photo(status="FAILED", error=LATE)
    given = [failed, failed, photo(truncated=True), photo()]
    assert list(reasons.of(given)) == given
    truncated = "Truncated: The file lacks its end; the thumbnail shows what is there."
    assert reasons.counts == {"TransientServiceError: slow down": 2, truncated: 1}
    assert reasons.names == {
        "TransientServiceError: slow down": ["cat.jpg", "cat.jpg"],
        truncated: ["cat.jpg"],
    }


def test_of_many_reasons_and_photos_the_first_are_kept() -> None:
    reasons = Reasons()
    causes = [*range(30), *[0] * 30]
    failed = (photo(status="FAILED", error={**LATE, "cause": str(cause)}) for cause in causes)
    assert len(list(reasons.of(failed))) == 60
    assert len(reasons.counts) == Reasons.MOST
    assert reasons.counts["TransientServiceError: 0"] == 31
    assert len(reasons.names["TransientServiceError: 0"]) == Reasons.NAMES


def test_the_first_causes_of_a_kind_of_failure_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    causes = ["late", "late", "lost", "early", "odd", "new"]
    failed = [photo(status="FAILED", error={**LATE, "cause": cause}) for cause in causes]
    (group,) = grouped(failures_of(failed))
    _print_group(group)
    _, *lines = capsys.readouterr().out.splitlines()
    assert [line.rpartition(": ")[2] for line in lines[:3]] == [
        "late (2 photos)",
        "lost (1 photo)",
        "early (1 photo)",
    ]
    assert lines[3] == "  and 2 other causes: --json has all"


@pytest.mark.parametrize(("count", "said"), [(999, "999 B"), (1000, "1.0 kB"), (1_500_000, "1.5 MB")])
def test_sizes_are_in_powers_of_a_thousand(count: int, said: str) -> None:
    assert size(count) == said


def test_what_is_piped_is_not_wrapped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(console, "_width", None)  # which other tests set
    arn = "arn:aws:states:eu-west-1:123456789012:execution:imageproc-ImageProc:" + "0123456789" * 8
    console.print(f"The execution is {arn}, and it ended.")
    print_table(("ARN", "STATUS"), [(arn, "SUCCEEDED")], "Nothing.")
    sentence, heads, row = capsys.readouterr().out.splitlines()
    assert sentence == f"The execution is {arn}, and it ended."
    assert heads.split() == ["ARN", "STATUS"]
    assert row.split() == [arn, "SUCCEEDED"]
