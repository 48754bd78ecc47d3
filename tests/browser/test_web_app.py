"""Two visitors' journey through the web app: nobody sees a line of code, and nobody disturbs the other."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from imageproc.cli.notebooks import find_notebook
from imageproc.cli.web_app import running
from imageproc.local import LocalStatus
from tests.browser import hostile
from tests.browser.pages import Page, Visit
from tests.flow.conftest import deploy, target_of

STACK = "web-app"
SMALL_TARGETS = """() => [...document.querySelectorAll('button, select, input[type=text]')]
  .filter((one) => one.offsetHeight && one.offsetHeight < 44).map((one) => one.outerHTML)"""


@pytest.fixture(scope="module")
def app_url(
    local_aws: LocalStatus, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    deploy(target_of(local_aws), STACK)
    notebook = tmp_path_factory.mktemp("app") / "app.ipynb"
    text = find_notebook("app").read_text()
    notebook.write_text(text.replace(r"stack_name: str = \"imageproc\"", rf"stack_name: str = \"{STACK}\""))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with running(notebook) as (_, url):
            yield url


def log_in(page: Page, url: str, user: str, album: str) -> None:
    page.page.goto(url)
    page.page.get_by_label("User name").fill(user)
    page.page.get_by_role("button", name="Log in").click()
    page.page.get_by_label("New album").fill(album)
    page.page.get_by_role("button", name="Create").click()
    page.page.locator(".ip-drop-zone .ip-target").wait_for()


def test_two_visitors_upload_follow_and_look(visit: Visit, app_url: str, tmp_path: Path) -> None:
    ann: Page = visit(1600, 1400)
    bob: Page = visit(390, 1400, touch=True)
    log_in(ann, app_url, "ann", "<b>Trip</b>")
    log_in(bob, app_url, "bob", "Garden")
    assert "import" not in ann.page.locator("body").inner_text()
    assert "token" not in ann.page.evaluate("() => location.href + document.referrer + document.cookie")

    ann.drop(".ip-drop-zone .ip-target", hostile.write(tmp_path))
    ann.wait_text(".ip-execution-list tr:has-text('img src')", "Succeeded|Incomplete")
    ann.page.locator(".ip-card", has_text="img src").wait_for()
    bob.page.wait_for_timeout(500)
    assert bob.page.locator(".ip-card").count() == 0

    ann.page.locator(".ip-card", has_text="img src").click()
    ann.page.keyboard.press("Enter")
    ann.page.locator("dialog.ip-dialog .ip-facts").wait_for()
    ann.screenshot("app-photo")
    assert ann.page.evaluate(hostile.INJECTED) == hostile.NOTHING
    ann.page.keyboard.press("Escape")
    assert bob.page.evaluate(SMALL_TARGETS) == []
    assert bob.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    for page, name in ((ann, "ann"), (bob, "bob")):
        assert page.violations() == []
        page.screenshot(f"app-{name}")
        assert page.errors == []


@pytest.mark.parametrize(("system", "asked"), [(True, ""), (False, "&theme=dark")])
def test_the_web_app_is_dark_where_the_system_is_or_it_is_asked_to_be(
    visit: Visit, app_url: str, system: bool, asked: str
) -> None:
    page: Page = visit(1200, 1200, dark=system)
    log_in(page, app_url + asked, "eve", "Night")
    scheme = "() => getComputedStyle(document.querySelector('.ip')).colorScheme"
    assert page.page.evaluate(scheme) == "dark"
    text = "() => getComputedStyle(document.querySelector('.ip-heading h1')).color"
    assert page.page.evaluate(text) not in ("rgb(0, 0, 0)", "rgba(0, 0, 0, 0.87)")
    assert page.violations() == []
    page.screenshot(f"app-dark-{'system' if system else 'asked'}")


def test_without_the_token_there_is_nothing_but_a_question_for_it(app_url: str) -> None:
    for path in ("", "voila/render/app.ipynb", "api/kernels"):
        with urllib.request.urlopen(app_url.partition("?")[0] + path) as answer:
            assert "/login?" in answer.url
            assert "imageproc" not in answer.read().decode()
