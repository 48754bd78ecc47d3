"""What the shells offer after Tab: names from the catalog's files, quickly, and nothing after an error."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import imageproc as imageproc_package
from imageproc.cli import imageproc, shells
from imageproc.client.last_known import LastKnown
from tests.cli.conftest import Run
from tests.client.conftest import Backend

HOSTILE = "a $(touch x) * 'b'"
LABELS = [{"name": "Dog", "confidence": 97.5, "parents": ["Animal"]}]

Complete = Callable[..., list[str]]


@pytest.fixture
def complete(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> Complete:
    """Return what gives the words that are offered, as fish gets them; the catalog has some photos."""
    albums = backend.workbench.albums
    for user, album in (("ann", "My trip"), ("bob", HOSTILE), ("bob", "\x1b[2J")):
        kept = albums.get_or_create(album, user)
        backend.photo(
            f"{user}/{len(album)}-dog.jpg", userID=user, albumID=kept.id, labels=LABELS, tags=["Dog"]
        )
    backend.photo("ann/0123456789ab-cat.jpg", exifMake="Canon", exifModel="Canon EOS R6")
    monkeypatch.setenv("IMAGEPROC_TARGET", "aws")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert backend.workbench.photos.where().count() == 4

    def completed(*words: str, shell: type[shells._Quick] = shells._Fish) -> list[str]:
        monkeypatch.setenv("COMP_WORDS", "\n".join(["imageproc", *words]))
        monkeypatch.setenv("COMP_CWORD", words[-1] if shell is shells._Fish else str(len(words)))
        found = shell(imageproc, {}, "imageproc", shells.VARIABLE).complete()
        return [line.partition(",")[2].partition("\t")[0] for line in found.splitlines()]

    return completed


def test_commands_options_and_names_are_offered(complete: Complete) -> None:
    assert complete("fac") == ["facets"]
    assert complete("photos", "--min") == ["--min-confidence"]
    assert complete("photos", "--album", "") == [HOSTILE, "My trip"], "and none that does not print"
    assert complete("photos", "--album", "my") == ["My trip"]
    assert complete("forget", "--user", "") == ["ann", "bob"]
    assert complete("photos", "--tag", "") == ["Animal", "Dog"]
    assert complete("download", "--camera", "can") == ["Canon EOS R6"]
    assert complete("retry", "--status", "IN") == ["INCOMPLETE"]
    assert complete("facets", "cam") == ["camera"]
    assert complete("photos", "--sort", "mega") == ["megapixels"]
    assert complete("show", "cat") == ["cat.jpg"]
    assert complete("logs", "ann/0") == ["ann/0123456789ab-cat.jpg"]


def test_what_is_in_the_base_is_offered_as_well(complete: Complete, backend: Backend) -> None:
    """The first fill is all in the base; a later photo is in the journal, and so is what was erased."""
    backend.write("ann/new.jpg", tags=["Bird"], labels=[{"name": "Bird", "confidence": 90.0}])
    backend.workbench.privacy.erase(backend.workbench.privacy.of_photos(["cat.jpg"]))
    backend.workbench.catalog.sync()
    assert complete("photos", "--tag", "") == ["Animal", "Bird", "Dog"]
    assert complete("show", "new") == ["new.jpg"]


def test_an_erased_photo_is_not_offered(complete: Complete, backend: Backend) -> None:
    privacy = backend.workbench.privacy
    list(privacy.erase(privacy.of_photos(["cat.jpg"])))
    assert complete("show", "cat") == []


def test_after_an_error_nothing_is_offered(complete: Complete, monkeypatch: pytest.MonkeyPatch) -> None:
    assert complete("photos", "--stack-name", "other", "--album", "") == []
    catalog = LastKnown.of("aws", "imageproc", "eu-west-1")
    assert catalog is not None
    (catalog.folder / "journal.sqlite").write_bytes(b"broken")
    assert complete("photos", "--album", "") == []
    monkeypatch.setenv("IMAGEPROC_TARGET", "local")
    assert complete("photos", "--album", "") == []


@pytest.mark.parametrize("option", [("--album", "My"), ("--album", "=", "My"), ("--album", "=")])
def test_bash_gets_words_as_it_splits_them(complete: Complete, option: tuple[str, ...]) -> None:
    offered = complete("photos", *option, shell=shells._Bash)
    assert r"My\ trip" in offered


def asked(words: list[str], script: str) -> str:
    environment = os.environ | {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)}
    environment[shells.VARIABLE] = "bash_complete"
    command = [sys.executable, "-c", script]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_nothing_slow_is_imported_and_nobody_is_asked(complete: Complete) -> None:
    script = """import atexit, sys
slow = {"boto3", "botocore", "duckdb", "PIL", "pandas", "imageproc.local"}
atexit.register(lambda: print("heavy:", *slow & set(sys.modules)))
from imageproc.cli import main; main()"""
    for words in (
        ["photos", "--album", "my"],
        ["forget", "--tag", "D"],
        ["retry", "cat"],
        ["upload", "--user", "b"],
    ):
        offered, _, heavy = asked(["imageproc", *words], script).partition("heavy:")
        assert offered.startswith("plain,"), words
        assert heavy.strip() == "", words


def test_bash_inserts_a_hostile_name_as_a_word(complete: Complete, tmp_path: Path) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    program = tmp_path / "imageproc"
    program.write_text(
        f"#!/bin/sh\nexec {sys.executable} -c 'from imageproc.cli import main; main()' \"$@\"\n"
    )
    program.chmod(0o755)
    environment = os.environ | {"PYTHONPATH": str(Path(imageproc_package.__file__).parents[1])}
    script = f"""{shells.script("bash")}
COMP_WORDS=(imageproc photos --album a); COMP_CWORD=3
_imageproc_completion "{program}"
eval "printf '%s\\n' ${{COMPREPLY[0]}}" """
    command = [bash, "--norc", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path, env=environment)
    assert done.stdout == f"{HOSTILE}\n"
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_printed_or_installed_once(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "ZDOTDIR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SHELL", f"/bin/{shell}")
    printed = run("completion").stdout
    assert f"_IMAGEPROC_COMPLETE={shell}_complete" in printed
    start = tmp_path / f".{shell}rc"
    start.write_text("alias x=y")
    for _ in range(2):
        assert run("completion", shell, "--install").exit_code == 0
    if shell == "fish":
        assert (tmp_path / ".config/fish/completions/imageproc.fish").read_text() == printed
        return
    script = tmp_path / f".local/share/imageproc/completion.{shell}"
    assert script.read_text() == printed
    assert start.read_text().splitlines()[0] == "alias x=y"
    assert start.read_text().count(str(script)) == 2, "one line, which looks whether it is there"


def test_another_shell_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    answer = run("completion")
    assert answer.exit_code == 2
    assert "bash, zsh, fish" in answer.stderr
