"""The map of embeddings as a person uses it: by hovering, a lasso, the keyboard and the colours."""

from __future__ import annotations

import math
from array import array

import pytest

from imageproc.widgets import EmbeddingMap, updates
from imageproc.widgets.parts.embedding_map import Group, Points
from imageproc.widgets.parts.gallery import Card, GallerySource
from tests.browser.pages import Page, Visit
from tests.browser.part_page import Bridge, draw
from tests.pictures import png

HOSTILE = "<img src=x onerror=window.injected=1>"
EACH = 20
COLORS = ("#E69F00", "#0072B2")
CENTRES = ((-0.5, 0.0), (0.5, 0.0))


def points() -> Points:
    """Two rings of photos."""
    places = [
        value
        for x, y in CENTRES
        for one in range(EACH)
        for value in (x + 0.2 * math.cos(math.tau * one / EACH), y + 0.2 * math.sin(math.tau * one / EACH))
    ]
    groups = tuple(Group(name, color, EACH) for name, color in zip(("Dog", HOSTILE), COLORS, strict=True))
    return Points(array("f", places), groups, array("B", [0] * EACH + [1] * EACH))


@pytest.mark.parametrize("dark", [False, True])
def test_photos_are_hovered_lassoed_and_reached_by_the_keyboard(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, dark: bool
) -> None:
    page: Page = visit(1100, 900)
    told: list[list[int]] = []
    source = GallerySource(
        lambda first, _: [Card(f"{first}", f"{HOSTILE}{first}.jpg", tags=(("Dog", 90.0),))],
        thumbnail=lambda _: png((40, 30)),
        address=lambda one: f"http://localhost/unreachable/{one}" if one == EACH else None,
    )
    made: EmbeddingMap = EmbeddingMap(source, on_select=lambda: told.append(made.selected))
    made.show(points(), "40 photos.")
    updates.flush()
    page.page.route("**/unreachable/**", lambda route: route.abort())
    draw(page, [made], dark=dark)
    bridge = Bridge(page, made, monkeypatch)
    plot, tip = page.page.locator(".ip-plot"), page.page.locator(".ip-tip")
    bridge.pump(lambda: page.page.locator(".ip-legend li").count() == 2)
    box = plot.bounding_box()
    assert box
    middle_x, middle_y, unit = (
        box["x"] + box["width"] / 2,
        box["y"] + box["height"] / 2,
        box["height"] / 2 - 25,
    )
    ring = 0.7 * unit

    page.page.mouse.move(middle_x + ring, middle_y)
    bridge.pump(lambda: tip.is_visible() and tip.locator("img.ip-there").count() == 1)
    assert tip.inner_text().split("\n")[:3] == [f"{HOSTILE}{EACH}.jpg", HOSTILE, "Dog"]
    assert tip.locator("img").get_attribute("src").startswith("blob:"), "by the kernel, as S3 is out of reach"
    page.page.mouse.move(middle_x + 0.5 * unit, middle_y - 0.2 * unit)
    bridge.pump(lambda: "25.jpg" in tip.inner_text() and tip.locator("img.ip-there").count() == 1)

    corners = [(-0.8, 0.3), (-0.2, 0.3), (-0.2, -0.3), (-0.8, -0.3)]
    page.page.mouse.move(middle_x + corners[-1][0] * unit, middle_y - corners[-1][1] * unit)
    page.page.mouse.down()
    for x, y in corners:
        page.page.mouse.move(middle_x + x * unit, middle_y - y * unit, steps=4)
    page.page.mouse.up()
    bridge.pump(lambda: bool(told))
    assert told.pop() == list(range(EACH)), "the ring that was circled"
    said = page.page.locator(".ip-said")
    bridge.pump(lambda: "20 selected." in said.inner_text())

    page.page.mouse.click(middle_x + ring, middle_y)
    bridge.pump(lambda: bool(told))
    assert told.pop() == [EACH]
    page.page.keyboard.press("ArrowLeft")
    page.page.keyboard.press("Enter")
    bridge.pump(lambda: bool(told))
    (first, second) = told.pop()
    assert first == EACH
    assert second in range(EACH + 1, 2 * EACH), "its neighbour to the left"
    bridge.pump(lambda: f"{second}.jpg, {HOSTILE}, selected." in said.inner_text())
    page.page.get_by_role("button", name="Select 20 photos: Dog").click(modifiers=["Shift"])
    bridge.pump(lambda: bool(told))
    assert told.pop() == sorted([*range(EACH), first, second])
    plot.focus()
    for key, selected in (("Control+a", list(range(2 * EACH))), ("Escape", [])):
        page.page.keyboard.press(key)
        bridge.pump(lambda: bool(told))
        assert told.pop() == selected

    made.select([1, 2, 3])
    bridge.pump(lambda: "3 selected." in said.inner_text())
    assert page.page.evaluate("'injected' in window") is False
    assert page.violations() == []
    page.resize(390)
    wide = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.page.evaluate(wide) == 0


def test_each_of_the_photos_in_one_place_is_reached_by_the_arrow_keys(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Identical photos have the same embedding, and so the same place."""
    page: Page = visit(800, 700)
    source = GallerySource(lambda first, _: [Card(f"{first}", f"{first}.jpg")], thumbnail=lambda _: None)
    made: EmbeddingMap = EmbeddingMap(source, on_select=lambda: None)
    places = array("f", [-0.5, 0, 0, 0, 0, 0, 0, 0, 0.5, 0])  # 1, 2 and 3 are in the middle
    made.show(Points(places, (Group("Dog", COLORS[0], 5),), array("B", [0] * 5)), "5 photos.")
    updates.flush()
    draw(page, [made])
    bridge = Bridge(page, made, monkeypatch)
    bridge.pump(lambda: page.page.locator(".ip-legend li").count() == 1)
    page.page.locator(".ip-plot").focus()
    said = page.page.locator(".ip-said")

    def walk(key: str, numbers: list[int]) -> None:
        for number in numbers:
            page.page.keyboard.press(key)
            bridge.pump(lambda number=number: f"{number}.jpg, Dog" in said.inner_text())  # type: ignore[misc]

    walk("ArrowRight", [1, 2])  # from the centre
    assert "2.jpg, Dog, 2 of 3 in this place." in said.inner_text()
    walk("ArrowRight", [3, 4])
    assert "in this place" not in said.inner_text()
    walk("ArrowLeft", [3, 2, 1, 0])
    walk("ArrowRight", [1, 2, 3, 4])
