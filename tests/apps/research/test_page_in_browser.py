"""The whole road in a real Chromium: choose, run, cancel, compare, sweep, promote, and the paper session's own page."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.apps.research.made import BARS
from tests.apps.served import Dashboard
from tests.chromium import Browser
from tests.sessions import wait_until
from tradekit.client import registry

pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.timeout(480)]

SLOW_MS = 120_000  # a loaded machine starts processes and draws charts slowly
IDEAS = '''
import param
import tradekit as tk


class Level(tk.Strategy):
    """Long above a level."""

    level = param.Number(100.0, bounds=(90, 110), doc="price")
    window = param.Integer(2, bounds=(1, 20), doc="bars [count]")

    def on_bar(self, bar):
        self.buy_to(1 if bar.close > self.level else 0)


class Endless(Level):
    """Never gets beyond its third bar."""

    def on_bar(self, bar):
        self.seen = getattr(self, "seen", 0) + 1
        while self.seen > 2:
            pass
'''


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a strategy, some bars (one named to do harm) and a place for configurations."""
    for name in ("config", "strategies", "bars"):
        (tmp_path / name).mkdir()
    (tmp_path / "strategies" / "ideas.py").write_text(IDEAS, encoding="utf-8")
    (tmp_path / "bars" / "ABC.csv").write_text(BARS, encoding="utf-8")
    (tmp_path / "bars" / "<img src=x onerror=alert(1)>.csv").write_text(BARS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def url(project: Path) -> Iterator[str]:
    """The dashboard as `tradekit dashboard --data bars` serves it; sessions that it started end with it."""
    import tradekit as tk
    from tradekit.wiring.board import Attached
    from tradekit.wiring.configs import Configs
    from tradekit.wiring.research import project_of

    attached, configs = Attached(), Configs(project / "config")
    with Dashboard(attached, starter=configs, research=project_of(configs, data=project / "bars")) as served:
        yield served.url
        for entry in registry.entries():
            tk.connect(entry.name).stop()
        attached.close()


def test_from_an_idea_to_a_paper_session(url: str, project: Path, browser: Browser) -> None:
    page = browser.page
    page.set_default_timeout(SLOW_MS)
    page.goto(f"{url}?theme=light")
    page.get_by_role("link", name="research").click()
    strategy, run = (
        page.get_by_label("strategy", exact=True),
        page.get_by_role("button", name="Run", exact=True),
    )
    page.locator(".doc", has_text="Long above a level.").wait_for()

    # Bars of the folder; a name that would do harm is a name.
    bars = page.get_by_label("bars", exact=True)
    bars.select_option("<img src=x onerror=alert(1)>.csv")
    page.locator(".facts", has_text="40 bars").wait_for()
    bars.select_option("ABC.csv")

    # One that would never end is cancelled, and the one that waits for it then runs.
    strategy.select_option("strategies/ideas.py:Endless")
    page.locator(".doc", has_text="Never gets beyond").wait_for()
    run.click()
    page.locator(".work .now b", has_text="Endless").wait_for()
    strategy.select_option("strategies/ideas.py:Level")
    page.locator(".doc", has_text="Long above a level.").wait_for()
    run.click()
    page.locator(".queue li", has_text="waits for #1 Endless").wait_for()
    page.locator(".work .now .cancel").click()
    page.locator("tr.cancelled", has_text="Endless").wait_for()
    page.locator("tr.done", has_text="level=100").wait_for()

    # Its result: numbers, trades, why one of them exists, the chart in a frame of its own.
    page.locator(".groups dt", has_text="Total return").wait_for()
    page.locator(".result .framed.drawn:not(.waits)").wait_for()
    page.locator(".trades tbody tr").first.press("Enter")
    page.locator(".steps b", has_text="order submitted").first.wait_for()

    # A value out of its bounds cannot be run; another can, and is compared.
    level = page.get_by_label("level", exact=True)
    level.fill("500")
    expect(run).to_be_disabled()
    level.fill("99")
    run.click()
    page.locator("tr.done", has_text="level=99").wait_for()
    for number in (2, 3):
        page.get_by_label(f"compare run {number}").check()
    page.get_by_role("button", name="Compare 2 runs").click()
    page.locator(".sides tbody tr", has_text="level").first.wait_for()
    page.locator(".compare .framed.drawn:not(.waits)").wait_for()

    # A sweep; a click on its map and a row of its best go into the form.
    page.get_by_label("values of parameter 1").fill("98:101")
    page.get_by_label("values of parameter 2").fill("1, 2")
    page.get_by_role("button", name="Sweep", exact=True).click()
    page.locator(".sweep .framed.drawn:not(.waits)").wait_for()
    page.locator(".best tbody tr").nth(1).wait_for()
    frame = page.locator(".sweep iframe").bounding_box()
    for _ in range(40):  # on a loaded machine a drawn map hears of clicks a little later
        page.locator(".sweep iframe").click(position={"x": frame["width"] * 0.15, "y": 400})
        with contextlib.suppress(AssertionError):
            expect(level).to_have_value("98", timeout=1_000)
            break
    expect(level).to_have_value("98")
    expect(page.get_by_label("window", exact=True)).to_have_value("1")

    # What was run is promoted: shown, written as shown, started, and its own page is a link away.
    page.get_by_role("button", name="#2").click()
    page.locator(".result h2", has_text="#2").wait_for()
    page.get_by_role("button", name="Promote to paper").click()
    page.get_by_label("name of the session").fill("from-research")
    page.locator("code", has_text="config/from-research.yaml").wait_for()
    expect(page.get_by_label("the configuration")).to_contain_text("from-research")
    shown = page.get_by_label("the configuration").inner_text()
    page.get_by_role("button", name="Write and start").click()
    link = page.get_by_role("link", name="open its cockpit")
    link.wait_for()
    assert (project / "config" / "from-research.yaml").read_text(encoding="utf-8").strip() == shown.strip()
    page.goto(f"{url}{link.get_attribute('href')}")
    page.get_by_text("from-research", exact=True).wait_for()
    page.locator(".mode", has_text="PAPER").wait_for()
    assert browser.errors == []
    assert browser.outside == []


def test_a_closed_page_ends_what_it_was_running(url: str, browser: Browser) -> None:
    page, others = browser.page, _workers()
    page.set_default_timeout(SLOW_MS)
    page.goto(f"{url}?page=research")
    page.get_by_label("bars", exact=True).select_option("ABC.csv")
    page.get_by_label("strategy", exact=True).select_option("strategies/ideas.py:Endless")
    page.locator(".doc", has_text="Never gets beyond").wait_for()
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator(".work .now .muted", has_text="running").wait_for()
    workers = _workers() - others
    assert workers
    page.goto("about:blank")
    wait_until(lambda: not workers & _workers(), SLOW_MS / 1000, period_s=0.1)


def _workers() -> set[int]:
    """The processes of this one's research pages."""
    import multiprocessing

    return {
        child.pid
        for child in multiprocessing.active_children()
        if child.name == "tradekit-aside" and child.pid
    }
