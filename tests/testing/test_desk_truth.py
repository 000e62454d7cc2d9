"""However badly the line to a venue behaves, once it is good again the desk knows what the venue knows."""

import random

import pytest

from tests.builders import FULL
from tests.testing.unreliable import Resting, UnreliableVenue
from tradekit.errors import OrderError
from tradekit.testing.desk import Desk
from tradekit.trading.matching import LEG

SEEDS = 2000 if FULL else 60
STEPS = 30


class Line:
    """A desk and its venue, seeded."""

    def __init__(self, seed: int) -> None:
        self.chance = chance = random.Random(seed)
        practice = {name: chance.random() < 0.5 for name in ("flips", "reduces", "replaces")}
        self.desk = Desk(["BTC", "ETH"], 10_000, limits={}, practice=practice)
        self.venue = UnreliableVenue(self.desk, chance)

    def happen(self) -> None:
        """Somebody does something, the venue carries out and trades, some of its reports arrive, time passes."""
        desk, chance = self.desk, self.chance
        match chance.choices(
            ["submit", "cancel", "replace", "link", "restart", "nothing"], [5, 2, 2, 1, 1, 4]
        )[0]:
            case "submit":
                self._submit()
            case "cancel":
                desk.cancel(chance.choice([*desk.state.orders, "none"]))
            case "replace":
                self._replace()
            case "link":
                desk.report(kind=chance.choice(["disconnect", "reconnect"]))
            case "restart":
                desk.restart()
        self.venue.carry_out()
        for _ in range(chance.randint(0, 2)):
            self.venue.trade()
        self.venue.deliver()
        desk.advance(chance.choice([0, 1, 6, 11, 31]))

    def _submit(self) -> None:
        chance = self.chance
        try:
            self.desk.submit(
                instrument=chance.choice(["BTC", "ETH"]), side=chance.choice(["buy", "sell"]),
                qty=chance.randint(1, 6), price=chance.choice([95, 100, 105]),
            )  # fmt: skip
        except OrderError:
            return  # it made no sense

    def _replace(self) -> None:
        known = [one for one in self.desk.state.orders.values() if one.working and one.venue_id]
        if known:
            one = self.chance.choice(known)
            self.desk.replace(
                one.id, qty=one.filled + self.chance.randint(1, 4), price=self.chance.choice([None, 101])
            )

    def heal(self) -> None:
        """Whatever is under way arrives, the link is there, and every question is answered for some minutes."""
        self.venue.good = True
        self.venue.deliver()
        self.desk.report(kind="reconnect")
        for _ in range(40):
            self.venue.carry_out()
            self.venue.deliver()
            self.desk.advance(7)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_after_the_kill_switch_nothing_goes_out_and_nothing_is_left_working(seed: int) -> None:
    line = Line(seed)
    for _ in range(STEPS):
        line.happen()
    line.desk.command("kill")
    sent = len([one for one in line.desk.sent if one["kind"] == "submit"])
    for _ in range(STEPS // 3):
        line.happen()
    line.heal()
    assert [name for name, one in line.venue.orders.items() if one.working] == []
    assert [name for name, one in line.desk.state.orders.items() if one.working] == []
    assert len([one for one in line.desk.sent if one["kind"] == "submit"]) == sent


@pytest.mark.parametrize("seed", range(SEEDS))
def test_once_the_line_is_good_the_desk_knows_what_the_venue_knows(seed: int) -> None:
    line = Line(seed)
    for _ in range(STEPS):
        line.happen()
    line.heal()
    desk, venue = line.desk, line.venue
    legs: dict[str, list[Resting]] = {}
    for cid, there in venue.orders.items():
        legs.setdefault(cid.partition(LEG)[0], []).append(there)
    for name, those in legs.items():
        here, last = desk.state.orders[name], those[-1]
        assert (name, here.filled, here.working) == (name, sum(one.filled for one in those), last.working)
        if last.working:
            assert (here.leaves, here.limit, here.venue_id) == (last.leaves, last.price, last.ids[-1])
    for name, order in desk.state.orders.items():
        waits = order.parent in legs and legs[order.parent][-1].working  # an opening, for its close
        assert name in legs or waits or not order.working
        assert order.doubt is None
    assert {name: desk.position(name) for name in ("BTC", "ETH")} == {"BTC": 0, "ETH": 0} | venue.held()
    assert desk.cash() == venue.cash()
    assert (desk.differences, desk.state.health.reconciliation.quarantine) == ([], [])
    sent = [one["cid"] for one in desk.sent if one["kind"] == "submit"]
    assert len(sent) == len(set(sent))
