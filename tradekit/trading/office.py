"""The order management of one account at one venue: what is said is heard, doubts are looked into, books compared.

Pure: it turns statements and the passing of time into facts for the engine, and into questions and requests for the
venue; whoever runs it writes first and sends then. All that matters is in the engine's state; only the look under way
is remembered here, and a restart looks anew. What goes out, and when, is `trading.outgoing`'s.
"""

from tradekit.core.event import Event, Fact
from tradekit.model.doubt import About
from tradekit.model.order import OrderCancelRejected
from tradekit.model.said import (
    BOOKS,
    Answer,
    Ask,
    FillSaid,
    LinkSaid,
    OrderSaid,
    Question,
    Said,
    Unknown,
    What,
)
from tradekit.state.shape import Order
from tradekit.trading import dead_man
from tradekit.trading.engine import Engine
from tradekit.trading.killed import canceled_again, left_by_kill
from tradekit.trading.legs import leg
from tradekit.trading.look import ORDERS, Look
from tradekit.trading.matching import LEG
from tradekit.trading.outgoing import Outgoing, Request
from tradekit.trading.reconcile.adopt import (
    account_taken_over,
    positions_taken_over,
    unready,
    without_holdings,
)
from tradekit.trading.reconcile.books import SECOND, Books, Practice
from tradekit.trading.reconcile.compare import reconcile
from tradekit.trading.reconcile.settle import completed, noted, overdue
from tradekit.trading.reports import awaited, doubted, facts_of, in_flight
from tradekit.trading.waiting import (
    waits_here,
)

__all__ = ["Office", "Request"]

_REFUSED = (What.CANCEL_REJECTED, What.REPLACE_REJECTED)
_PASSES = 3  # one statement may need another first: a foreign order, then what has filled of it


class Office(Outgoing):
    """Stands between the engine and a venue that answers late, twice, or not at all.

    practice  how long it waits, how often it looks, what it accepts by itself
    asks      questions for the venue, to be sent and taken out by whoever runs it
    adopts    whether the account's cash and positions are what the venue says at the first whole look
    """

    def __init__(
        self, engine: Engine, practice: Practice | None = None, *, now: int = 0, adopts: bool = False
    ) -> None:
        super().__init__(engine, practice or Practice())
        self._adopts = adopts
        self.asks: list[Ask] = []
        self._look: Look | None = None
        self._round = now + int(self.practice.every_s * SECOND)  # when the next round is due
        self._again = 0  # when to look again at what was found, 0 for never
        self._looked = 0  # up to when executions have been asked for

    # --- hearing --------------------------------------------------------------------------------------------

    def hear(self, said: Said, now: int) -> list[Event]:
        """Take a statement of the venue at `now` [UTC ns]; what the engine tells of it, to be written as one."""
        if isinstance(said, Answer):
            return self._answered(said, now)
        if isinstance(said, Unknown):
            return self._unanswered(said, now)
        before = self._unsettled()
        events = self._take(facts_of(self.engine.state, said, now), now)
        if not self.practice.replaces:
            events += self._new_legs(now)
        if isinstance(said, LinkSaid):
            events += self._relink(said, now)
        elif self._unsettled() - before:
            self._look_into(now)
        elif (isinstance(said, OrderSaid) and said.what in _REFUSED) or any(
            isinstance(event.data, OrderCancelRejected) for event in events
        ):  # it may have ended, and its end be on its way
            self._again = self._again or now + self.practice.tolerance
        return events

    def _relink(self, said: LinkSaid, now: int) -> list[Event]:
        if said.up:
            self._start(BOOKS, now)
            return []
        look = self._look
        if look is None or look.over:
            return []
        look.close("the link was lost")
        return self._finish(look, now)

    # --- books ----------------------------------------------------------------------------------------------

    def resume(self, now: int) -> list[Event]:
        """After a restart: what was sent and never answered is in doubt; look at every book before anything else."""
        state = self.engine.state
        unsent = {one.id.partition(LEG)[0] for one in self.requests}  # wished for by this life, at its start
        facts: list[Fact] = []
        for order in state.orders.values():
            about = in_flight(order)
            if about is not None and order.id not in unsent and not waits_here(state, order):
                facts += doubted(order, about, "the session ended before the answer")
            if order.doubt is not None and order.doubt.about is About.LEG:
                self._sent.add(leg(order))  # it may have gone out: it never goes again
            if order.parent and not waits_here(state, order):
                self._sent.add(order.id)  # likewise
        events = self._take(facts, now)
        self._start(BOOKS, now)
        return events

    def look(self, now: int) -> None:
        """Ask for every book now, beside the rounds that come by themselves."""
        self._start(BOOKS, now)

    def due(self, now: int) -> list[Event]:
        """What has come due by `now` [UTC ns]: answers that are late, a round, a second look."""
        events: list[Event] = []
        look = self._look
        if look is not None and not look.over and now >= look.until:
            look.close(f"no answer within {self.practice.answer_s:g} s")
            events += self._finish(look, now)
        late = [(order, about) for order, about, until in self._awaited() if until <= now]
        for order, about in late:
            events += self._take(doubted(order, about, f"no answer within {self.practice.answer_s:g} s"), now)
        if late:
            self._look_into(now)
        events += self._take(canceled_again(self.engine.state, now, self._wait), now)
        events += self._take(dead_man.due(self.engine.state, self.practice.dead_man, now), now)
        if self._refused and now >= self._refused:
            self._refused = 0
            for instrument in self.engine.state.instruments:
                events += self._recheck(instrument, now)
        if now >= self._round:
            self._round = now + int(self.practice.every_s * SECOND)
            if self._linked:
                self._start(BOOKS, now)
        elif self._linked and self._again and now >= self._again and (self._look is None or self._look.over):
            self._start(BOOKS if self._waiting() else ORDERS, now, whole=False)
        return events

    def next_due(self) -> int:
        """When `due` has something to do next, if nothing is said before [UTC ns]."""
        moments = [self._round, *(until for _, _, until in self._awaited())]
        moments += [one.asked + self._wait for one in left_by_kill(self.engine.state)]
        moments.append(dead_man.next_due(self.engine.state, self.practice.dead_man))
        if self._refused:
            moments.append(self._refused)
        if self._look is not None and not self._look.over:
            moments.append(self._look.until)
        elif self._again and self._linked:
            moments.append(self._again)
        return min(moments)

    def _awaited(self) -> list[tuple[Order, About, int]]:
        """What was sent and has no answer yet, and until when one is waited for."""
        return awaited(self.engine.state, self.engine.dealing.working.values(), self._handed, self._wait)

    @property
    def looking(self) -> bool:
        """Whether answers to a look at the books are waited for."""
        return self._look is not None and not self._look.over

    @property
    def _linked(self) -> bool:
        return self.engine.state.health.link.status != "down"

    def _waiting(self) -> bool:
        """Whether a difference was found that has not been told yet, or told and not settled as the policy will."""
        accepts = self.practice.accepts
        found = self.engine.state.health.reconciliation.open
        return any(not one.reported or (one.proposed and accepts(one.kind)) for one in found)

    def _unsettled(self) -> set[str]:
        working = self.engine.state.orders.values()
        return {order.id for order in working if order.doubt is not None or order.told is not None}

    def _look_into(self, now: int) -> None:
        """Look at orders and trades as soon as no other look is under way."""
        if not self._linked:
            return
        if self._look is None or self._look.over:
            self._start(ORDERS, now, whole=False)
        else:
            self._again = now

    def _start(self, questions: tuple[Question, ...], now: int, *, whole: bool = True) -> None:
        self._look = Look(questions, now, now + self._wait, whole=whole)
        self._again = 0
        doubts = [o.id for o in self.engine.state.orders.values() if o.doubt is not None]
        self.asks += [Ask(Question.ORDER, order=one) for one in doubts]
        state = (
            self.engine.state
        )  # executions from before the last whole round may be of orders that are forgotten
        begun = self._looked or state.health.reconciliation.done or state.session.started
        unsettled = (o.created for o in state.orders.values() if o.doubt is not None or o.told is not None)
        since = max(0, min((begun, *unsettled)) - int(self.practice.overlap_s * SECOND))
        self.asks += [Ask(one, since if one is Question.EXECUTIONS else 0) for one in questions]

    def _answered(self, answer: Answer, now: int) -> list[Event]:
        if answer.question is Question.ORDER:
            return []  # one more trace that is missing; what proves something are the books
        look = self._look
        if look is None or (look.over and now - look.since > self._wait):
            look = self._look = Look((), now, now, whole=False)  # it came unasked
        waited = not look.over
        look.answered(answer)
        events: list[Event] = []
        if answer.question is Question.EXECUTIONS:
            if waited:  # one that comes late, or unasked, may have been made long before
                self._looked = look.since
            for item in _in_order(answer):
                events += self._take(facts_of(self.engine.state, item, now), now)
        books = look.books(now, answer.question)
        events += self._compare(without_holdings(books) if self._adopting else books, now)
        if waited and look.over:
            events += self._finish(look, now)
        return events

    def _unanswered(self, said: Unknown, now: int) -> list[Event]:
        look = self._look
        if look is None or look.over:
            return []
        look.unknown(said)
        return self._finish(look, now) if look.over else []

    def _compare(self, books: Books, now: int) -> list[Event]:
        """Accept what is stated beyond doubt, and what follows from that; note the rest."""
        events: list[Event] = []
        state, practice = self.engine.state, self.practice
        for _ in range(_PASSES):
            found = reconcile(state, books, practice)
            sure = [one for one in found if one.at_once and practice.accepts(one.kind)]
            if not sure:
                break
            for one in sure:
                events += self._take(one.proposed, now)
        events += self._take(noted(state, reconcile(state, books, practice), books, practice), now)
        if self._waiting() or any(order.told is not None for order in state.orders.values()):
            self._again = self._again or now + practice.tolerance
        return events

    def _finish(self, look: Look, now: int) -> list[Event]:
        state, failed = self.engine.state, look.failed
        events = self._take(overdue(state, now, self.practice), now) if failed else []
        if not look.whole:
            return events
        if self._adopting and not failed:
            books, failed = look.all_books(now), unready(state)
            for taken_over in () if failed else (positions_taken_over, account_taken_over):
                events += self._take(taken_over(state, books), now)
        return events + self._take(completed(state, failed, self.practice), now)

    @property
    def _adopting(self) -> bool:
        """Whether the account is still to be taken over."""
        return self._adopts and not self.engine.state.account.adopted


def _in_order(answer: Answer) -> list[FillSaid]:
    """The trades of a book, oldest first."""
    trades = [item for item in answer.items if isinstance(item, FillSaid)]
    return sorted(trades, key=lambda one: (one.ts, one.cum or 0))
