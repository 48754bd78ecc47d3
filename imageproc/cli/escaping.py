"""What a photo, a name or an error holds, made visible: the one way to terminals and scripts."""

from __future__ import annotations

import json

import click


def escaped(text: str, keep: str = "") -> str:
    r"""Return a text in which all that does not print, C1 and bidirectional controls too, reads as `\x9b`."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in keep else _escape(one) for one in text)


def escaped_json(line: str) -> str:
    r"""Return a line of JSON with the same value, in which all that does not print reads as `\u009b`."""
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in line)


def say(text: str, *, err: bool = False) -> None:
    """Print lines of text as they are, unwrapped."""
    click.echo(escaped(text, keep="\n"), err=err)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()
