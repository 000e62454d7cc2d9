"""A parity report in numbers, in lines and in a notebook: sums by kind, roots of consequences, nothing unescaped."""

from decimal import Decimal as D

import pytest

from tradekit.report.parity import Difference, Parity, Replay

START = 1_670_889_600_000_000_000


def difference(seq: int, kind: str, effect: str, *, after: int = 0, **more: object) -> Difference:
    named: dict[str, object] = {"what": "order", "instrument": "BTC", "order": f"s-{seq}"}
    return Difference(  # type: ignore[arg-type]
        ts=START + seq, kind=kind, seqs=[seq], effect=D(effect), after=after, **(named | more)
    )


def report(*differences: Difference, replay: Replay | None = None, **more: object) -> Parity:
    total = sum((one.effect for one in differences), start=D(0))
    fields: dict[str, object] = {
        "name": "btc", "mode": "live", "strategy": "waves", "currency": "USD", "orders": (3, 2), "fills": (2, 2),
        "events": 1234, "profit": (10 + total, D(10)),
    }  # fmt: skip
    return Parity(replay=replay or Replay(), differences=differences, **(fields | more))  # type: ignore[arg-type]


MANY = (
    difference(1, "rejected", "-4"),
    difference(2, "slippage", "-0.5", price=D("0.5"), ticks=D(50)),
    difference(3, "consequence", "3", after=1),
    difference(4, "unexplained", "0.25"),
    difference(5, "consequence", "0.05", after=4),
)


def test_without_differences_it_is_equal_and_says_so_in_one_line() -> None:
    equal = report()
    assert equal.equal
    assert repr(equal) == "<Parity of btc: equal; 3 orders, 2 fills>"
    assert str(equal).splitlines()[0] == "btc (live, waves): live equals backtest"


def test_what_has_no_reason_stands_apart_with_what_follows_from_it() -> None:
    told = report(*MANY)
    assert not told.equal
    assert (told.unexplained, told.explained, told.difference) == (D("0.30"), D("-1.5"), D("-1.20"))


def test_a_kind_is_summed_by_itself_and_with_what_followed() -> None:
    found = {row["kind"]: (row["count"], row["effect"], row["whole"]) for row in report(*MANY).kinds()}
    assert found["rejected"] == (1, D(-4), D(-1))
    assert found["consequence"] == (2, D("3.05"), D(0))
    assert sum(row["whole"] for row in report(*MANY).kinds()) == D("-1.20")


def test_the_table_has_a_row_a_difference_with_utc_times_and_floats() -> None:
    rows = report(*MANY).rows
    assert list(rows["kind"]) == [one.kind for one in MANY]
    assert rows["effect"].sum() == pytest.approx(-1.2)
    assert str(rows.index.tz) == "UTC"
    assert rows["ticks"].iloc[1] == 50
    assert report().rows.empty
    assert list(report().rows.columns) == list(rows.columns)


def test_a_replay_that_differs_is_no_equality_and_names_its_reasons() -> None:
    replay = Replay(7, "order.submitted {}", "nothing", ["the source of Waves was another one"])
    told = report(replay=replay)
    assert not told.equal
    assert "the replay differs at #7" in str(told)
    assert "the source of Waves was another one" in told._repr_html_()


def test_lines_show_the_sums_and_each_reason() -> None:
    text = str(report(*MANY, notes=["the session was started 2 times"]))
    assert "difference   -1.20: explained -1.50, unexplained +0.3" in text
    assert "#1  rejected: BTC s-1  -4.00" in text
    assert "then     1 follows from it, +3.00" in text
    assert "consequence: " not in text, "what follows from a difference is counted with it"
    assert text.endswith("Note: the session was started 2 times")
    assert "rejected: " not in report(*MANY).summary()


def test_a_notebook_shows_it_with_every_text_escaped() -> None:
    shown = report(
        difference(1, "rejected", "-1", why="<script>alert(1)</script>", order="<b>")
    )._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "<td>&lt;b&gt;<br>BTC</td>" in shown


def test_a_program_gets_exact_plain_values() -> None:
    found = report(*MANY).to_dict()
    assert found["profit"]["difference"] == D("-1.20")
    assert found["rows"][1]["ts"] == "2022-12-13T00:00:00.000000002Z"
    assert found["replay"]["equal"] is True
