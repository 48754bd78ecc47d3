"""Commands on the stack that moto plays."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from imageproc.cli import imageproc
from imageproc.cli.options import Connection
from imageproc.cli.output import console
from tests.client.conftest import Backend
from tests.client.conftest import backend as backend
from tests.client.conftest import session as session
from tests.client.conftest import target as target

Run = Callable[..., Result]


@pytest.fixture
def run(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs a command; its result has the error as its exception."""
    monkeypatch.setattr(Connection, "workbench", backend.workbench)
    monkeypatch.setenv("COLUMNS", "150")
    monkeypatch.setattr(console, "_width", 150)  # that of pytest-xdist, since it was made

    def invoked(*arguments: object, **options: Any) -> Result:
        return CliRunner().invoke(imageproc, [str(one) for one in arguments], **options)

    return invoked


def objects(answer: Result) -> list[Any]:
    """Return the JSON objects of standard output, one for each line."""
    assert answer.exit_code == 0, answer.output
    return [json.loads(line) for line in answer.stdout.splitlines()]
