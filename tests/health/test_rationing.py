"""A ration of letters, and the digest of what waited."""

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.health.rationing import Letter, Message, Ration


def message(seq: int, kind: str = "x", rank: int = 1) -> Message:
    return Message(seq, rank, kind, f"text {seq}")


def filled(ration: Ration, *seqs: int) -> Ration:
    for seq in seqs:
        ration.add(message(seq))
    return ration


def sent(ration: Ration, now: float) -> list[Letter]:
    """Everything that may go at this moment."""
    letters = []
    while (letter := ration.letter(now=now)) is not None:
        ration.told(letter, now=now)
        letters.append(letter)
    return letters


def test_a_few_messages_go_one_by_one_and_in_order() -> None:
    letters = sent(filled(Ration(6), 1, 2, 3), 0.0)
    assert [(one.seq, one.kind, one.text, one.count) for one in letters] == [
        (1, "x", "text 1", 1), (2, "x", "text 2", 1), (3, "x", "text 3", 1),
    ]  # fmt: skip


def test_more_than_the_ration_goes_as_one_digest() -> None:
    ration = Ration(2)
    for seq in range(1, 14):
        ration.add(message(seq, "rejected" if seq % 2 else "unknown"))
    (letter,) = sent(ration, 0.0)
    assert (letter.seq, letter.kind, letter.count, ration.waiting) == (13, "digest", 13, 0)
    head, *lines = letter.text.splitlines()
    assert head == "13 messages: 7 rejected, 6 unknown"
    assert (len(lines), lines[0], lines[-1]) == (11, "rejected: text 1", "and 3 more")


def test_the_gravest_stand_in_a_digest_whatever_came_first() -> None:
    ration = filled(Ration(2), *range(1, 20))
    ration.add(message(20, "killed", rank=2))
    (letter,) = sent(ration, 0.0)
    assert "killed: text 20" in letter.text
    assert letter.rank == 2


def test_a_ration_fills_up_with_time() -> None:
    ration = Ration(6)
    assert len(sent(filled(ration, *range(1, 7)), 0.0)) == 6
    assert sent(filled(ration, 7), 0.0) == []
    assert ration.wait_s(4.0) == 6.0
    assert len(sent(ration, 10.0)) == 1
    assert ration.wait_s(10.0) is None


def test_what_could_not_be_sent_stays_and_is_tried_again_ever_later() -> None:
    ration = filled(Ration(6), 1)
    pauses = []
    now = 0.0
    for _ in range(9):
        assert ration.letter(now=now) is not None
        ration.refused(now=now)
        assert ration.letter(now=now) is None
        pauses.append(ration.wait_s(now))
        now += pauses[-1] or 0
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert (ration.waiting, ration.failed) == (1, 9)
    (letter,) = sent(ration, now)
    assert letter.seq == 1
    ration.add(message(2))
    assert ration.wait_s(now) == 0.0  # a success ends the pauses


def test_what_comes_while_a_letter_is_on_its_way_waits_behind_it() -> None:
    ration = filled(Ration(1), 1, 2)
    letter = ration.letter(now=0.0)
    assert letter is not None
    ration.add(message(3))
    ration.told(letter, now=0.0)
    assert (letter.count, ration.waiting) == (2, 1)


def test_at_the_end_everything_goes_at_once_whatever_the_ration_says() -> None:
    ration = filled(Ration(1), 1)
    sent(ration, 0.0)
    filled(ration, 2, 3)
    letter = ration.letter(now=0.0, last=True)
    assert letter is not None
    assert (letter.seq, letter.count) == (3, 2)


def test_of_very_many_only_the_latest_are_kept_word_for_word_and_all_are_counted() -> None:
    ration = filled(Ration(1), *range(1, 1001))
    (letter,) = sent(ration, 0.0)
    assert (letter.count, letter.seq, ration.waiting, ration.sent) == (1000, 1000, 0, 1000)
    assert "1000 messages: 1000 x" in letter.text


def test_what_overflows_while_a_letter_is_on_its_way_is_counted_in_a_later_one() -> None:
    ration = filled(Ration(1), 1)
    letter = ration.letter(now=0.0)
    assert letter is not None
    filled(ration, *range(2, 602))
    ration.told(letter, now=0.0)
    assert ration.waiting == 600
    (digest,) = sent(ration, 120.0)
    assert (digest.count, digest.seq, ration.waiting) == (600, 601, 0)


@given(
    st.lists(st.tuples(st.floats(0, 100), st.booleans(), st.integers(0, 4)), max_size=40), st.integers(1, 10)
)
@law(100)
def test_every_message_is_sent_once_or_waits_and_no_minute_has_more_letters_than_allowed(
    steps: list[tuple[float, bool, int]], per_minute: int
) -> None:
    ration, now, told, counted, seq = Ration(per_minute), 0.0, [], 0, 0
    for passed, well, more in steps:
        now += passed
        for _ in range(more):
            seq += 1
            ration.add(message(seq))
        while (letter := ration.letter(now=now)) is not None:
            if not well:
                ration.refused(now=now)
                continue
            assert letter.seq == counted + letter.count  # in order, and none left out
            counted += letter.count
            told.append(now)
            ration.told(letter, now=now)
    assert counted + ration.waiting == seq
    for first in told:
        assert (
            sum(first <= one < first + 60 for one in told) <= 2 * per_minute
        )  # a burst, and a minute's worth
