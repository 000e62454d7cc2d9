import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.bridge.admission import Admission, Visitor
from tradekit.bridge.limits import Limits

LOCAL, FAR = "127.0.0.1", "10.0.0.9"
LIMITS = Limits(clients=5, per_ip=2, unauthenticated=3, handshakes=6)


def come(admission: Admission, ip: str, *, proved: bool) -> tuple[Visitor, str | None]:
    visitor = admission.knock(ip)
    assert visitor is not None
    return visitor, admission.admit(visitor, proved=proved)


def test_an_address_beyond_loopback_has_its_own_bound() -> None:
    admission = Admission(LIMITS)
    assert [come(admission, FAR, proved=True)[1] for _ in range(2)] == [None, None]
    assert "from this address" in (come(admission, FAR, proved=True)[1] or "")
    assert come(admission, "10.0.0.10", proved=True)[1] is None


def test_loopback_is_bounded_by_the_whole_house_only() -> None:
    admission = Admission(LIMITS)
    assert [come(admission, LOCAL, proved=True)[1] for _ in range(5)] == [None] * 5
    assert "serves 5 clients already" in (come(admission, LOCAL, proved=True)[1] or "")
    assert admission.clients == 5


@pytest.mark.parametrize("ip", [LOCAL, FAR])
def test_who_has_shown_no_token_is_bounded_everywhere(ip: str) -> None:
    admission = Admission(LIMITS)
    waiting = [come(admission, ip, proved=False) for _ in range(3)]
    assert [reason for _, reason in waiting] == [None] * 3
    visitor, reason = come(admission, ip, proved=False)
    assert "have not shown a token" in (reason or "")
    admission.leave(visitor)
    assert admission.admit(waiting[0][0], proved=True) is None
    assert come(admission, ip, proved=False)[1] is None


def test_too_many_half_open_connections_are_not_even_heard() -> None:
    admission = Admission(LIMITS)
    half_open = [admission.knock(FAR) for _ in range(6)]
    assert None not in half_open
    assert admission.knock(LOCAL) is None
    first = half_open[0]
    assert first is not None
    admission.leave(first)
    assert admission.knock(LOCAL) is not None


@given(st.lists(st.tuples(st.sampled_from([LOCAL, FAR]), st.booleans(), st.booleans())))
@law(100)
def test_when_all_have_left_there_is_room_for_all_again(visits: list[tuple[str, bool, bool]]) -> None:
    admission = Admission(LIMITS)
    here = []
    for ip, proved, twice in visits:
        visitor = admission.knock(ip)
        if visitor is None:
            continue
        admission.admit(visitor, proved=proved)
        if twice:
            admission.admit(visitor, proved=True)
        here.append(visitor)
    for visitor in here:
        admission.leave(visitor)
        admission.leave(visitor)
    assert admission.clients == 0
    assert [come(admission, FAR, proved=True)[1] for _ in range(2)] == [None, None]
    assert [come(admission, FAR, proved=False)[1] for _ in range(3)] == [None, None, None]
