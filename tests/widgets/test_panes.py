from tradekit.testing.stage import StageSession
from tradekit.widgets.panes import ALL, TABLES, Moment, changed_text, tables_touched, touches


def test_a_change_concerns_only_the_panes_that_show_it() -> None:
    assert tables_touched(frozenset({"fills", "marks"})) == ["fills", "trades"]
    assert tables_touched(frozenset({"health"})) == ["differences"]
    assert tables_touched(frozenset({"bars"})) == []
    assert tables_touched(frozenset({ALL})) == list(TABLES)
    assert touches("chart", frozenset({"bars"}))
    assert not touches("chart", frozenset({"fills"}))
    assert touches("connection", frozenset({"status"}))
    assert touches("log", frozenset({ALL}))


def test_a_part_is_made_once_however_many_look_on(session: StageSession) -> None:
    moment = Moment("x", session.replica.state, status="live", feed_age_s=0.1)
    assert moment.table("fills") is moment.table("fills")
    assert moment.hero() is moment.hero()
    assert moment.ribbon() is moment.ribbon()
    assert moment.controls() is moment.controls()
    assert moment.first() is moment.first()
    assert moment.link["state"] == "live"


def test_only_parts_that_differ_are_sent() -> None:
    shown = {"fills": '{"rows":[]}', "orders": "old"}
    assert changed_text({"fills": {"rows": []}, "orders": [1]}, shown) == {"orders": "[1]"}
