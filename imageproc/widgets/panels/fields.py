"""The panels' input fields, all laid out alike. No label is cut off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets

from imageproc.widgets.parts.text_field import TextField

_WIDE = {"description_width": "initial"}


def text(label: str, value: str = "", placeholder: str = "") -> TextField:
    """Return a field for a line of text."""
    layout = ipywidgets.Layout(width="min(320px, 100%)")
    return TextField(value, description=label, placeholder=placeholder, layout=layout)


def choice(label: str, options: Any, value: Any = None) -> ipywidgets.Dropdown:
    """Return a field for choosing one of several options."""
    layout = ipywidgets.Layout(width="min(320px, 100%)")
    return ipywidgets.Dropdown(options=options, value=value, description=label, style=_WIDE, layout=layout)


def choice_or_text(label: str, placeholder: str = "") -> TextField:
    """Return a field for one of several texts, or another one; its `options` are the texts."""
    layout = ipywidgets.Layout(width="min(360px, 100%)")
    return TextField(description=label, placeholder=placeholder, layout=layout)


def area(label: str, placeholder: str = "") -> ipywidgets.Textarea:
    """Return a field for several lines of text."""
    layout = ipywidgets.Layout(width="min(640px, 100%)")
    return ipywidgets.Textarea(description=label, placeholder=placeholder, rows=3, style=_WIDE, layout=layout)


def check(label: str, hint: str = "") -> ipywidgets.Checkbox:
    """Return a check box, not checked."""
    layout = ipywidgets.Layout(width="auto")
    return ipywidgets.Checkbox(False, description=label, tooltip=hint, indent=False, layout=layout)


def button(label: str, on_click: Callable[[], object], kind: str = "", hint: str = "") -> ipywidgets.Button:
    """Return a button; `kind` is one of ipywidgets' button styles."""
    made = ipywidgets.Button(
        description=label, button_style=kind, tooltip=hint, layout=ipywidgets.Layout(width="auto")
    )
    made.on_click(lambda _: on_click())
    return made


def row(*widgets: ipywidgets.Widget) -> ipywidgets.Box:
    """Return a row of widgets, which wraps where it is narrow."""
    layout = ipywidgets.Layout(display="flex", flex_flow="row wrap", align_items="center", grid_gap="4px 8px")
    return ipywidgets.Box(list(widgets), layout=layout)


def set_visible(widget: ipywidgets.Widget, visible: bool) -> None:
    """Show or hide a widget."""
    widget.layout.display = None if visible else "none"
