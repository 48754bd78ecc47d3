"""The packaged template and the state machine's definition, parsed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cfnlint.decode.cfn_yaml import loads

from imageproc.deployment.template import assemble, read_sources


@pytest.fixture(scope="session")
def packaged() -> str:
    """The packaged template's text."""
    return assemble(read_sources())


@pytest.fixture(scope="session")
def template(packaged: str) -> Any:
    """The packaged template, its short tags as `Ref` and `Fn::…` keys."""
    return json.loads(json.dumps(loads(packaged)))


@pytest.fixture(scope="session")
def resources(template: Any) -> Any:
    return template["Resources"]


@pytest.fixture(scope="session")
def definition() -> Any:
    """The state machine's definition."""
    return json.loads(read_sources().definition)
