"""Whatever goes otherwise: nothing is left without a reason, and every effect adds up to the last digit."""

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tests.run.parity.played import (
    Play,
    Resting,
    Waves,
    adds_up,
    charged,
    course,
    kinds,
    later,
    never,
    part,
    played,
    rejected,
    worse,
    worth,
)
from tests.run.scripted import KINDS, SPECS, runs, scripts, with_script
from tradekit.model.money import EXACT
from tradekit.run.backtest import backtest
from tradekit.run.parity.compare import compare

OTHERWISE = st.sampled_from(
    [
        worse("1.25"),
        worse("-0.5"),
        charged("0.1"),
        later(1),
        later(3),
        part("0.3"),
        part("0.75"),
        never,
        rejected,
    ]
)
COMMANDS = st.sampled_from(
    [
        ("flatten", {}),
        ("halt", {"reason": "lunch"}),
        ("disarm", {}),
        ("arm", {}),
        ("cancel_all", {}),
        ("set_param", {"name": "qty", "value": 3.0}),
        ("submit", {"side": "buy", "qty": "2"}),
        ("submit", {"side": "sell", "qty": "1", "limit": "104"}),
    ]
)
CLOSES = st.lists(st.integers(90, 110), min_size=4, max_size=30)


@st.composite
def plays(draw: Callable[[Any], Any]) -> Play:
    """A session in which anything may go otherwise."""
    bars = course(draw(CLOSES))
    script = draw(scripts(len(bars)))
    cls = draw(st.sampled_from([Waves, Resting, with_script(draw(KINDS), {**script, -1: []})]))
    params = {"percent": 40.0} if cls is Waves and draw(st.booleans()) else {}
    spec = draw(SPECS)
    limits = draw(st.sampled_from([{}, {"max_position": "2"}, {"max_order_qty": "5"}]))
    otherwise = draw(st.dictionaries(st.integers(0, 8), OTHERWISE, max_size=4))
    if draw(st.booleans()):  # one comes late
        at = draw(st.integers(1, len(bars) - 2))
        bars.insert(min(at + 2, len(bars)), bars.pop(at))
    play = Play(
        cls, otherwise=otherwise, params=params, limits=limits, armed=draw(st.booleans()), instruments=[spec]
    ).start()
    said = draw(st.dictionaries(st.integers(0, len(bars) - 1), COMMANDS, max_size=3))
    for number, bar in enumerate(bars):
        play.bars([bar])
        if number in said:
            name, args = said[number]
            play.command(name, **({} if cls is not Waves and name == "set_param" else args))
    return play


@given(plays())
@law(60)
def test_nothing_is_left_without_a_reason_and_the_effects_add_up(play: Play) -> None:
    report = play.report()
    assert report.replay.equal
    assert "unexplained" not in kinds(report)
    assert adds_up(report)
    state = play.engine.state
    assert report.profit[0] == EXACT.subtract(worth(state), state.account.opening)


@given(plays())
@law(20)
def test_every_consequence_names_a_difference_that_is_there_and_comes_before(play: Play) -> None:
    report = play.report()
    first = {one.seq: one for one in reversed(report.differences) if not one.after}
    for one in report.differences:
        assert not one.after or one.after in first
        assert one.kind != "consequence" or one.after
    assert sum(row["count"] for row in report.kinds()) == len(report.differences)


@given(runs())
@law(40)
def test_the_record_of_any_backtest_equals_its_backtest(run: dict[str, Any]) -> None:
    run["make"].script.pop(-1, None)  # what it wishes for at the end nobody acts on
    options = {name: run[name] for name in ("fee", "slippage")}
    result = backtest(run["make"](), run["bars"], limits=run["limits"], **options)
    report = compare(lambda: result.events(), run["make"], **options)
    assert report.equal, str(report)


@given(CLOSES, st.sampled_from([Waves, Resting]), st.sampled_from([0.0, 35.0]))
@law(30)
def test_a_session_that_went_as_its_backtest_is_equal(
    closes: list[int], cls: type[Any], percent: float
) -> None:
    params = {"percent": percent} if cls is Waves else {}
    report = played(cls, closes, params=params).report()
    assert report.equal
    assert report.difference == 0
