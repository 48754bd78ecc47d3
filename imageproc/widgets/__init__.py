"""Widgets for JupyterLab and Voilà. Each can be used alone, and is imported when it is first asked for.

- `parts/`: widgets that show what they are given and know nothing of AWS.
- `panels/`: a `Workbench` put to work with parts. `panel.py` is what all panels share.
- `actor.py`: the thread and the queue in which a panel does its jobs, one at a time.
- `updates.py`: the queue in which any thread changes widgets.
- `app/`: the web app: panels for one visitor, and where the visitor is, in the page's address.
- `static/`: the parts' scripts and styles, one of each for a part; all begin with `dom.js` and `theme.css`,
  and those with tables have `cells.js` and `cells.css`, too, those that save files `downloads.js` and
  `downloads.css`.
- `snapshot.py`: what a saved notebook keeps of a panel.
- `notebook.py`: what notebooks use to show widgets and to record results.
- `plots.py`: what notebooks plot of data frames.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_MODULES = {
    "AlbumPanel": "panels.album_panel",
    "BarChart": "parts.bar_chart",
    "Card": "parts.gallery",
    "Cell": "parts.data_table",
    "CleanUpPanel": "panels.clean_up_panel",
    "DataTable": "parts.data_table",
    "DeployPanel": "panels.deploy_panel",
    "DropZone": "parts.drop_zone",
    "DuplicatesPanel": "panels.duplicates_panel",
    "EmbeddingMap": "parts.embedding_map",
    "EmbeddingMapPanel": "panels.embedding_map_panel",
    "ExecutionList": "parts.execution_list",
    "FaultsPanel": "panels.faults_panel",
    "FollowPanel": "panels.follow_panel",
    "Gallery": "parts.gallery",
    "GalleryPanel": "panels.gallery_panel",
    "Heading": "parts.heading",
    "LoginPanel": "panels.login_panel",
    "OperationsPanel": "panels.operations_panel",
    "PhotoMap": "parts.photo_map",
    "PhotoViewer": "parts.photo_viewer",
    "SearchBar": "parts.search_bar",
    "StateGraph": "parts.state_graph",
    "StatusLine": "parts.status_line",
    "StepDetail": "parts.step_detail",
    "TargetPanel": "panels.target_panel",
    "Tone": "tones",
    "UploadPanel": "panels.upload_panel",
    "WebApp": "app.web_app",
    "plot_bars": "plots",
    "plot_grid": "plots",
    "record": "notebook",
    "recorded": "notebook",
    "show": "notebook",
    "show_static": "notebook",
}

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    """Import a widget from its module. Raises AttributeError for names that are not in `__all__`."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"imageproc.widgets.{_MODULES[name]}"), name)
