"""Widgets for JupyterLab and Voilà: parts that know no AWS, and panels that work with a `Workbench`.

Each is usable alone in anyone's notebook. They are imported when they are first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "AlbumPanel": "panels.album_panel",
    "Card": "gallery",
    "Cell": "data_table",
    "CleanUpPanel": "panels.clean_up_panel",
    "DataTable": "data_table",
    "DeployPanel": "panels.deploy_panel",
    "DropZone": "drop_zone",
    "FollowPanel": "panels.follow_panel",
    "Gallery": "gallery",
    "GalleryPanel": "panels.gallery_panel",
    "Heading": "heading",
    "LoginPanel": "panels.login_panel",
    "OperationsPanel": "panels.operations_panel",
    "PhotoMap": "photo_map",
    "PhotoViewer": "photo_viewer",
    "Picture": "picture",
    "RunList": "run_list",
    "StateGraph": "state_graph",
    "StatusLine": "status_line",
    "StepDetail": "step_detail",
    "TargetPanel": "panels.target_panel",
    "Tone": "tones",
    "UploadPanel": "panels.upload_panel",
    "WebApp": "panels.web_app",
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
