"""Users' names: whose a photo is if nobody says so, and which names S3 can carry."""

from __future__ import annotations

import getpass

import pytest

from imageproc.client.users import check_user, default_user
from imageproc.errors import UploadError


def test_the_default_user_is_the_environments_before_the_login_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "login")
    monkeypatch.setenv("IMAGEPROC_USER", "chosen")
    assert default_user() == "chosen"
    monkeypatch.setenv("IMAGEPROC_USER", "")
    assert default_user() == "login"


@pytest.mark.parametrize(("login", "user"), [("änn", "nn"), ("ü", "me"), ("", "me")])
def test_a_login_name_loses_what_s3_cannot_carry(
    monkeypatch: pytest.MonkeyPatch, login: str, user: str
) -> None:
    monkeypatch.delenv("IMAGEPROC_USER", raising=False)
    monkeypatch.setattr(getpass, "getuser", lambda: login)
    assert default_user() == user


@pytest.mark.parametrize("error", [KeyError, OSError, ImportError])
def test_a_machine_without_a_login_name_has_a_default_user_too(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def nobody() -> str:
        raise error

    monkeypatch.delenv("IMAGEPROC_USER", raising=False)
    monkeypatch.setattr(getpass, "getuser", nobody)
    assert default_user() == "me"


@pytest.mark.parametrize("name", ["ann", "Ann Smith", "${x}", "~!"])
def test_printable_ascii_is_a_name(name: str) -> None:
    assert check_user(name) == name


@pytest.mark.parametrize("name", ["", "änn", "a\tb", "a\x7f", "雪"])
def test_anything_else_is_told_with_the_fix(name: str) -> None:
    with pytest.raises(UploadError, match=r"Use one or more printable ASCII characters\."):
        check_user(name)
