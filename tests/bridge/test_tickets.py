"""Tickets for pages: good once, for half a minute, for no more than their asker may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.bridge.protocol import SCOPES, Grant
from tradekit.bridge.tickets import LIFE_S, MOST, Tickets
from tradekit.core.clock import ManualClock
from tradekit.errors import RefusedError

START = 1_670_889_600_000_000_000
OPERATOR = Grant("ann", frozenset({"read", "operate"}), "hash-of-ann")
TRADER = Grant("bob", frozenset(SCOPES))
OPERATE = {"scopes": ["operate"]}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def tickets(clock: ManualClock) -> Tickets:
    return Tickets(clock)


def test_a_ticket_opens_what_was_asked_for_in_its_askers_name(tickets: Tickets) -> None:
    made = tickets.mint(TRADER, OPERATE)
    assert (made.scopes, made.expires_s) == (["operate", "read"], LIFE_S)
    assert tickets.redeem(made.ticket) == Grant("bob", frozenset({"read", "operate"}), by_ticket=True)


def test_a_ticket_is_good_once(tickets: Tickets) -> None:
    made = tickets.mint(TRADER, OPERATE)
    assert tickets.redeem(made.ticket) is not None
    assert tickets.redeem(made.ticket) is None


def test_a_ticket_is_good_for_half_a_minute(tickets: Tickets, clock: ManualClock) -> None:
    first, second = tickets.mint(TRADER, {}), tickets.mint(TRADER, {})
    clock.advance(LIFE_S - 0.001)
    assert tickets.redeem(first.ticket) is not None
    clock.advance(0.001)
    assert tickets.redeem(second.ticket) is None
    assert len(tickets) == 0


def test_without_a_wish_a_ticket_lets_its_page_look(tickets: Tickets) -> None:
    assert tickets.mint(TRADER, {}).scopes == ["read"]


@pytest.mark.parametrize(
    ("grant", "args", "code"),
    [
        (OPERATOR, {"scopes": ["trade"]}, "scope"),
        (None, {}, "scope"),
        (TRADER, {"scopes": ["all"]}, "query"),
        (TRADER, {"scopes": "operate"}, "query"),
        (TRADER, {"scopes": [1]}, "query"),
    ],
)
def test_what_cannot_be_minted_is_refused(
    tickets: Tickets, grant: Grant | None, args: dict[str, object], code: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        tickets.mint(grant, args)
    assert refused.value.code == code
    assert len(tickets) == 0


def test_a_ticket_mints_no_other(tickets: Tickets) -> None:
    came = tickets.redeem(tickets.mint(TRADER, OPERATE).ticket)
    with pytest.raises(RefusedError, match="mints no other"):
        tickets.mint(came, {})


def test_a_ticket_is_never_shown_by_what_holds_it(tickets: Tickets) -> None:
    made = tickets.mint(OPERATOR, OPERATE)
    assert made.ticket not in repr(tickets) + repr(made) + repr(vars(tickets))


def test_one_users_tickets_push_out_nobody_elses(tickets: Tickets) -> None:
    other = tickets.mint(OPERATOR, OPERATE)
    mine = [tickets.mint(TRADER, {}).ticket for _ in range(MOST + 1)]
    assert tickets.redeem(mine[0]) is None
    assert all(tickets.redeem(ticket) for ticket in mine[1:])
    assert tickets.redeem(other.ticket) is not None


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("mint"), st.sampled_from([OPERATOR, TRADER]), st.sets(st.sampled_from(sorted(SCOPES)))
        ),
        st.tuples(st.just("show"), st.integers(0, 20), st.none()),
        st.tuples(st.just("wait"), st.sampled_from([0.5, 10.0, LIFE_S]), st.none()),
    ),
    max_size=40,
)


@law(200)
@given(STEPS)
def test_whatever_happens_a_ticket_opens_at_most_once_in_time_and_no_more_than_its_asker_may(steps) -> None:  # type: ignore[no-untyped-def]
    clock = ManualClock(START)
    tickets = Tickets(clock)
    made: list[tuple[str, Grant, frozenset[str], float]] = []
    shown: set[str] = set()
    for what, one, scopes in steps:
        if what == "wait":
            clock.advance(one)
        elif what == "mint":
            try:
                minted = tickets.mint(one, {"scopes": sorted(scopes)}).ticket
            except RefusedError:
                assert not scopes <= one.scopes
                continue
            made.append((minted, one, scopes | {"read"}, clock.monotonic()))
        elif one < len(made):
            ticket, asker, asked, since = made[one]
            fresh = ticket not in shown and clock.monotonic() - since < LIFE_S
            grant = tickets.redeem(ticket)
            if len(made) <= MOST:
                assert (grant is not None) == fresh
            if grant is not None:
                assert fresh
                assert grant.scopes == asked <= asker.scopes
                assert (grant.user, grant.minted, grant.by_ticket) == (asker.user, asker.minted, True)
            shown.add(ticket)
