"""The panel that removes a stack removes nothing by another name."""

from __future__ import annotations

import pytest

from imageproc.client.target import Target
from imageproc.errors import WorkbenchError
from imageproc.widgets import CleanUpPanel
from tests.client.conftest import without_aws


def test_another_name_removes_nothing(target: Target) -> None:
    panel = CleanUpPanel(without_aws(target))
    with pytest.raises(WorkbenchError, match="'another' is not the stack's name, 'imageproc': nothing was"):
        panel.confirm("another")
    assert panel.remove_button.disabled
