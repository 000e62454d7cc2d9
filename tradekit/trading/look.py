"""A look at the venue's books under way: what was asked, what has come back, what failed, until when it waits.

Knows no order and no difference.
"""

from collections.abc import Iterable

from tradekit.model.said import Answer, Question, Unknown
from tradekit.trading.reconcile.books import Books

__all__ = ["ORDERS", "Look"]

ORDERS = (Question.OPEN_ORDERS, Question.EXECUTIONS)


class Look:
    """One look, begun at `since`, that waits `until` [UTC ns]. A `whole` one counts as a round."""

    def __init__(self, questions: Iterable[Question], now: int, until: int, *, whole: bool) -> None:
        self.waits = set(questions)
        self.whole = whole
        self.since = now
        self.until = until
        self.failed: dict[str, str] = {}
        self.unkept: set[str] = set()  # books that the venue does not keep
        self._answers: dict[Question, Answer] = {}

    @property
    def over(self) -> bool:
        """Whether every question has an answer, or none to be waited for."""
        return not self.waits

    def answered(self, answer: Answer) -> None:
        """A book came back; a later one takes the place of an earlier one."""
        self.waits.discard(answer.question)
        self.failed.pop(answer.question, None)
        self._answers[answer.question] = answer

    def unknown(self, answer: Unknown) -> None:
        """A book did not."""
        self.waits.discard(answer.question)
        self._answers.pop(answer.question, None)
        if answer.kept:
            self.failed[answer.question] = answer.reason
        else:
            self.unkept.add(answer.question)

    def close(self, reason: str) -> None:
        """Wait no longer: what is not there has failed."""
        for question in self.waits:
            self.failed[question] = reason
        self.waits.clear()

    def books(self, now: int, latest: Question) -> Books:
        """What the book that has just come lets us compare: of orders and trades, both, if both are there."""
        shown = {latest: self._answers[latest]}
        if latest in ORDERS:
            shown |= {one: self._answers[one] for one in ORDERS if one in self._answers}
        return self._books(now, shown)

    def all_books(self, now: int) -> Books:
        """Every book that came back."""
        return self._books(now, self._answers)

    def _books(self, now: int, shown: dict[Question, Answer]) -> Books:
        named = {str(question): answer for question, answer in shown.items()}
        return Books(at=now, unkept=frozenset(self.unkept), **named)
