"""A drawn state machine as SVG that needs no style sheet, for pages without a kernel."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from imageproc.presentation.markup import Markup
from imageproc.widgets.parts.state_graph.shapes import Bus, Connector, Graph, Node, arrow, curve, path

MARGIN = 10
SIGNS = {"SUCCEEDED": "✓", "FAILED": "✕", "CAUGHT": "↷", "RUNNING": "●", "RETRYING": "↻", "ABORTED": "■"}

_INK, _MUTED, _LINE, _ERROR = "#212121", "#595959", "#757575", "#b0605a"
_COLOURS = {
    "SUCCEEDED": ("#dcefe0", "#1b6e32"),
    "FAILED": ("#fbdfdc", "#b3261e"),
    "CAUGHT": ("#fdecd2", "#8a5300"),
    "RUNNING": ("#dbe9f8", "#0b57a4"),
    "RETRYING": ("#fdecd2", "#8a5300"),
    "ABORTED": ("#eeeeee", "#595959"),
}
_FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif"


def to_json(graph: Graph) -> dict[str, Any]:
    """Return a graph as the browser draws it: paths, and where the texts are."""
    return {
        "width": graph.width,
        "height": graph.height,
        "nodes": [_node_json(node) for node in graph.nodes],
        "lines": [_line_json(line) for line in graph.lines],
        "buses": [_bus_json(bus) for bus in graph.buses],
    }


def svg(graph: Graph, title: str, states: Mapping[str, str], taken: Collection[tuple[str, str]]) -> Markup:
    """Return the picture, each state in the colour and with the sign of its status."""
    width, height = graph.width + 2 * MARGIN, graph.height + 2 * MARGIN
    groups = [_node_svg(node, states.get(node.id, "")) for node in graph.nodes if node.group]
    nodes = [_node_svg(node, states.get(node.id, "")) for node in graph.nodes if not node.group]
    buses = [_bus_svg(bus) for bus in graph.buses]
    lines = [_line_svg(line, (line.source, line.target) in taken) for line in graph.lines]
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{0}" width="{1:.0f}" '
        'height="{2:.0f}" viewBox="{3} {3} {1:.0f} {2:.0f}" font-family="{4}"><title>{0}</title>'
        '<rect x="{3}" y="{3}" width="{1:.0f}" height="{2:.0f}" fill="#ffffff"/>{5}</svg>'
    ).format(title, width, height, -MARGIN, _FONT, Markup("").join([*groups, *buses, *lines, *nodes]))


def _node_json(node: Node) -> dict[str, Any]:
    names = ("id", "type", "x", "y", "width", "height", "group", "unusual")
    return {name: getattr(node, name) for name in names} | {"lines": list(node.lines)}


def _line_json(line: Connector) -> dict[str, Any]:
    d, head = _paths(line)
    return {
        "source": line.source,
        "target": line.target,
        "d": d,
        "arrow": head,
        "error": line.is_error,
        "shared": line.shared,
        "label": line.label,
        "title": line.title,
        "at": list(line.label_at),
        "anchor": line.label_anchor,
    }


def _bus_json(bus: Bus) -> dict[str, Any]:
    return {"d": _bus_path(bus), "arrow": arrow(bus.parts[0]), "error": bus.is_error}


def _paths(line: Connector) -> tuple[str, str]:
    if line.curved:
        return curve(line.points), arrow(line.points, down=True)
    return path(line.points), arrow(line.points)


def _bus_path(bus: Bus) -> str:
    return "".join(path(part, arrow=index == 0) for index, part in enumerate(bus.parts))


def _bus_svg(bus: Bus) -> Markup:
    return _stroke(_bus_path(bus), arrow(bus.parts[0]), error=bus.is_error, taken=False)


def _line_svg(line: Connector, taken: bool) -> Markup:
    label = _label(line) if line.label else Markup("")
    if line.shared and not taken:
        return label
    d, head = _paths(line)
    return _stroke(d, head, error=line.is_error, taken=taken) + label


def _stroke(d: str, head: str, *, error: bool, taken: bool) -> Markup:
    colour = _INK if taken else _ERROR if error else _LINE
    dashes = Markup(' stroke-dasharray="4 3"') if error and not taken else Markup("")
    return Markup(
        '<path d="{}" fill="none" stroke="{}" stroke-width="{}"{}/><path d="{}" fill="{}"/>'
    ).format(d, colour, 2 if taken else 1.2, dashes, head, colour)


def _label(line: Connector) -> Markup:
    x, y = line.label_at
    return Markup(
        '<text x="{:.1f}" y="{:.1f}" text-anchor="{}" font-size="11" fill="{}" stroke="#ffffff" '
        'stroke-width="4" paint-order="stroke">{}</text>'
    ).format(x, y, line.label_anchor, _MUTED, line.label)


def _node_svg(node: Node, status: str) -> Markup:
    if not node.lines:
        radius = node.width / 2
        return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}" fill="{}"/>').format(
            node.x + radius, node.y + radius, radius, _MUTED
        )
    fill, stroke = _COLOURS.get(status, ("#fafafa" if node.group else "#ffffff", "#9e9e9e"))
    dashes = Markup(' stroke-dasharray="5 4"') if node.group and not status else Markup("")
    box = Markup(
        '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="6" fill="{}" stroke="{}"{}/>'
    ).format(node.x, node.y, node.width, node.height, "#fafafa" if node.group else fill, stroke, dashes)
    sign = Markup('<text x="{:.1f}" y="{:.1f}" font-size="13" fill="{}">{}</text>').format(
        node.x + 9, text_top(node) + (len(node.lines) - 1) * 8.5, stroke, SIGNS.get(status, "")
    )
    texts = [
        Markup(
            '<text x="{:.1f}" y="{:.1f}" text-anchor="middle" font-size="13" fill="{}"{}>{}</text>'
        ).format(
            node.x + node.width / 2 + 7,
            text_top(node) + index * 17,
            _INK,
            Markup(' font-weight="600"') if node.group else Markup(""),
            text,
        )
        for index, text in enumerate(node.lines)
    ]
    return Markup("<g><title>{}</title>{}{}{}</g>").format(
        f"{node.id} ({node.type})" + (f": {status.lower()}" if status else ""),
        box,
        sign,
        Markup("").join(texts),
    )


def text_top(node: Node) -> float:
    """Return the first line's baseline."""
    if node.group:
        return node.y + 20
    return node.y + node.height / 2 + 4.5 - (len(node.lines) - 1) * 8.5
