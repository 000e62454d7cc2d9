import pytest

from tests.apps.research.made import form, found
from tradekit.apps.research.comparing import compared
from tradekit.apps.research.plan import plan_of
from tradekit.apps.research.runs import Run
from tradekit.errors import ConfigError


def run(number: int, level: float, **found_more: object) -> Run:
    made = Run(number, plan_of(form(params={"level": level})), state="done")
    made.found = found(f"{number}" * 64, **found_more)
    return made


def test_each_number_stands_beside_the_first_runs() -> None:
    told = compared([run(1, 5.0), run(2, 6.0, total_return=0.75, sharpe=1.0)])
    assert [one["run"] for one in told["runs"]] == [1, 2]
    assert told["inputs"] == [{"name": "level", "values": ["5.0", "6.0"]}]
    gain, sharpe = told["groups"][0]["lines"]
    assert [value["change"] for value in gain["values"]] == [None, 0.25]
    assert [value["text"] for value in gain["values"]] == ["0.5", "0.75"]
    assert [value["change"] for value in sharpe["values"]] == [None, None], (
        "the first has none to compare with"
    )
    assert not told["same"]


def test_runs_of_one_fingerprint_are_the_same_run() -> None:
    one, again = run(1, 5.0), run(1, 5.0)
    told = compared([one, again])
    assert told["same"]
    assert told["inputs"] == []


@pytest.mark.parametrize("count", [0, 1, 7])
def test_two_to_six_are_compared(count: int) -> None:
    with pytest.raises(ConfigError, match="two to 6"):
        compared([run(n, 1.0) for n in range(1, count + 1)])


def test_a_run_without_numbers_is_named() -> None:
    failed = Run(2, plan_of(form()), state="failed")
    with pytest.raises(ConfigError, match="#2 has no numbers to compare \\(failed\\)"):
        compared([run(1, 1.0), failed])
