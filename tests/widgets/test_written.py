"""A widget that the flusher writes while the kernel sets, reads and closes it: never half, never lost, never after."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import traitlets

from tests.interleaved import interleavings
from tradekit.widgets.written import Written

LIBRARY = "ipywidgets/widgets/widget.py"


class Page(Written):
    """Notes what its page is sent."""

    _esm = "export default { render() {} }"

    rows = traitlets.Unicode("").tag(sync=True)
    count = traitlets.Unicode("").tag(sync=True)
    theme = traitlets.Unicode("").tag(sync=True)
    request = traitlets.Unicode("").tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []
        self.comm.publish_msg = self._note

    def _note(self, kind: str, data: Any = None, **_: Any) -> None:
        if kind == "comm_msg":
            self.sent.append(dict(data.get("state", {})))

    @property
    def shown(self) -> dict[str, Any]:
        """What stands on its page."""
        return {name: text for message in self.sent for name, text in message.items()}


@pytest.fixture
def pages() -> Iterator[list[Page]]:
    made: list[Page] = []
    yield made
    for page in made:
        page.close()
        page.layout.close()


def write(page: Page) -> None:
    page.write({"rows": "new", "count": "1"})


@pytest.mark.parametrize("code", ["widgets/written.py", LIBRARY])
def test_what_a_cell_sets_while_it_is_written_reaches_the_page(pages: list[Page], code: str) -> None:
    def make() -> Page:
        pages.append(Page())
        return pages[-1]

    def choose(page: Page) -> None:
        page.theme = "light"

    for page in interleavings(make, write, choose, within=code):
        assert page.shown == {"rows": "new", "count": "1", "theme": "light"}
    for page in interleavings(make, choose, write, within=code):
        assert page.shown == {"rows": "new", "count": "1", "theme": "light"}


def test_a_page_that_asks_for_everything_has_the_latest_last(pages: list[Page]) -> None:
    def make() -> Page:
        pages.append(Page())
        return pages[-1]

    def ask(page: Page) -> None:
        page._handle_msg({"content": {"data": {"method": "request_state"}}, "buffers": []})

    for page in interleavings(make, ask, write, within=LIBRARY):
        assert (page.shown["rows"], page.shown["count"]) == ("new", "1")


def test_one_that_is_closed_while_it_is_written_is_written_whole_or_not_at_all() -> None:
    for page in interleavings(Page, write, Page.close, within=LIBRARY):
        assert page.sent in ([], [{"rows": "new", "count": "1"}])
        assert (page.rows, page.count) in (("", ""), ("new", "1"))
        page.layout.close()


def test_one_that_is_closed_takes_nothing(pages: list[Page]) -> None:
    pages.append(Page())
    pages[0].close()
    write(pages[0])
    pages[0].send({"busy": 1.0})
    assert (pages[0].rows, pages[0].sent) == ("", [])


def test_one_that_could_not_be_made_is_collected_in_peace() -> None:
    class Broken(Page):
        def __init__(self) -> None:
            raise ValueError("not so")

    with pytest.raises(ValueError, match="not so"):
        Broken()


def test_two_that_set_traits_wait_for_each_other_and_not_for_ever(pages: list[Page]) -> None:
    pages.append(Page())
    done = threading.Event()

    def set_both() -> None:
        with pages[0].hold_sync():
            pages[0].theme = "dark"
            pages[0].count = "2"
        done.set()

    with pages[0].hold_sync():
        pages[0].rows = "mine"
        other = threading.Thread(target=set_both, daemon=True)
        other.start()
        assert not done.wait(0.02)
    assert done.wait(30)
    assert pages[0].sent == [{"rows": "mine"}, {"theme": "dark", "count": "2"}]


def test_what_hears_a_page_may_wait_for_who_writes_it(pages: list[Page]) -> None:
    desk = threading.Lock()

    def make() -> Page:
        page = Page()
        pages.append(page)

        def heard(_: Any) -> None:
            with desk:
                page.write({"count": "2"})

        page.observe(heard, "request")
        return page

    def say(page: Page) -> None:
        page._handle_msg(
            {"content": {"data": {"method": "update", "state": {"request": "run"}}}, "buffers": []}
        )

    def tell(page: Page) -> None:
        with desk:
            page.write({"rows": "new"})

    for page in interleavings(make, say, tell, within=LIBRARY):
        assert (page.shown["rows"], page.shown["count"]) == ("new", "2")
