"""Widgets for JupyterLab and Voilà: parts that know no AWS, and panels that work with a `Workbench`.

Each is usable alone in anyone's notebook. They are imported when they are first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Cell": "data_table",
    "DataTable": "data_table",
    "FollowPanel": "panels.follow_panel",
    "RunList": "run_list",
    "StateGraph": "state_graph",
    "StatusLine": "status_line",
    "StepDetail": "step_detail",
    "Tone": "tones",
    "record": "notebook",
    "recorded": "notebook",
    "show": "notebook",
    "show_static": "notebook",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    """Import a widget from its module."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"imageproc.widgets.{_HOME[name]}"), name)
