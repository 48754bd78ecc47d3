"""The same error of many photos, said once and counted."""

from __future__ import annotations

from imageproc.cli.repeats import Repeats


def test_the_same_cause_is_said_once_whatever_it_is_about_and_counted() -> None:
    said: list[str] = []
    repeats = Repeats("Not uploaded", said.append)
    for number in range(46):
        name = f"{number}.jpg"
        repeats.tell(f"/photos/{name}", f"Uploading {name} failed: it does not answer.", within=name)
    repeats.tell("/photos/odd.jpg", "There is no such file.")
    assert said == [
        "Not uploaded: /photos/0.jpg: Uploading 0.jpg failed: it does not answer.",
        "Not uploaded: /photos/odd.jpg: There is no such file.",
    ]
    repeats.end()
    assert said[2:] == ["Not uploaded, for the same cause as /photos/0.jpg: 45 more."]


def test_what_a_cause_begins_with_is_not_named_twice() -> None:
    said: list[str] = []
    Repeats("Not started", said.append).tell("a/cat.jpg", "a/cat.jpg is being processed.")
    assert said == ["Not started: a/cat.jpg is being processed."]
