import pytest

from tests.apps.research.made import form, found
from tradekit.apps.research.plan import Plan, plan_of, sweep_of
from tradekit.apps.research.runs import Runs, differing, flat
from tradekit.errors import ConfigError


def plan(**changes: object) -> Plan:
    return plan_of(form(**changes))


def test_a_row_says_what_went_in_and_the_main_numbers() -> None:
    runs = Runs()
    run = runs.add(plan(leverage="2", rules="default:participation=0.1"))
    row = runs.rows()[0]
    assert (row["run"], row["state"], row["params"], row["hash"]) == (1, "waiting", "level=100.5", "")
    assert row["terms"] == "1000 cash, fee 0.001, leverage 2, default:participation=0.1"
    run.state, run.found = "done", found(trades=3)
    row = runs.rows()[0]
    assert (row["hash"], row["stats"]["trades"], row["stats"]["fees"]) == ("abababab", 3, None)


def test_one_is_under_way_and_the_others_wait_in_their_order() -> None:
    runs = Runs()
    first, second, third = (runs.add(plan(params={"level": n})) for n in (1, 2, 3))
    first.state = "running"
    first.progress = {"phase": "running", "done": 5, "total": 40}
    assert runs.current is first
    assert runs.waiting == [second, third]
    told = runs.work()
    assert told["current"] == {
        "run": 1, "name": "#1 Base(level=1)", "unit": "bars", "phase": "running", "done": 5, "total": 40,
    }  # fmt: skip
    assert [one["run"] for one in told["waiting"]] == [2, 3]


def test_a_sweep_waits_with_the_runs_and_stands_in_no_row() -> None:
    runs = Runs()
    sweep = sweep_of(form(axes=[{"name": "level", "values": "1:3"}]))
    runs.add(sweep.plan, sweep)
    assert runs.rows() == []
    told = runs.work()["waiting"][0]
    assert (told["name"], told["unit"]) == ("sweep of Base over level", "combinations")


def test_too_many_may_not_wait() -> None:
    runs = Runs()
    for _ in range(10):
        runs.add(plan())
    with pytest.raises(ConfigError, match="10 runs wait already"):
        runs.add(plan())


def test_the_oldest_that_is_over_goes_and_what_is_under_way_stays() -> None:
    runs = Runs()
    first = runs.add(plan())
    first.state = "running"
    for _ in range(60):
        runs.add(plan()).state = "done"
    assert len(runs) == 50
    assert runs.has(first)
    with pytest.raises(ConfigError, match="no run 2 on this page any more"):
        runs.get(2)
    for wrong in (None, "1", 99):
        with pytest.raises(ConfigError, match="no run"):
            runs.get(wrong)


def test_what_differs_is_named_whatever_it_is() -> None:
    one, other = plan(), plan(params={"level": 7}, fee="0", strategy="a:B")
    assert differing([one, one]) == []
    assert differing([one, other]) == ["strategy", "level", "fee"]


def test_a_parameter_called_like_a_term_hides_neither() -> None:
    made = flat(plan_of(form(params={"fee": 3})))
    assert made["params.fee"] == 3
    assert made["fee"] != 3
