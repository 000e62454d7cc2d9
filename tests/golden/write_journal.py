"""Write the golden journal of a release, once, when it is made: `python -m tests.golden.write_journal 0.1.0`.

A session with orders, fills and a flat end; an event of a type that nobody knows; old bars in an archive. Every later
release must read it: `told` is what it must find.
"""

import hashlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.core.journal_contract import mark
from tradekit.core.clock import ManualClock
from tradekit.core.event import Event
from tradekit.core.journal import JournalReader
from tradekit.core.open import open_journal
from tradekit.core.prune import prune
from tradekit.core.sqlite import SqliteJournal
from tradekit.data.load import load_bars
from tradekit.run.backtest import backtest
from tradekit.strategy.library import SmaCross
from tradekit.wiring.journals import fold_until

FOLDER = Path(__file__).parent / "journals"
BARS = 90


def told(journal: JournalReader) -> dict[str, Any]:
    """What a journal says, in words that stay the same from release to release."""
    payloads = [payload for _, payload in journal.payloads()]
    state = fold_until(journal, journal.last_seq)
    return {
        "id": journal.id,
        "schema": journal.schema,
        "epoch": journal.epoch,
        "last_seq": journal.last_seq,
        "payloads": hashlib.sha256(b"\n".join(payloads)).hexdigest(),
        "types": dict(sorted(Counter(event.type for event in journal.events(checked=True)).items())),
        "cash": {currency: str(amount) for currency, amount in state.account.cash.items()},
        "fees": str(state.account.fees),
        "positions": {name: str(p.qty) for name, p in sorted(state.positions.items())},
        "orders": dict(sorted(Counter(order.status.value for order in state.orders.values()).items())),
        "fills": len(state.fills),
    }


def main(release: str) -> None:
    """Make the folder of a release; one that is there is left alone."""
    folder = FOLDER / release
    folder.mkdir()
    bars = load_bars("sample:BTCUSDT-1m").iloc[:BARS]
    clock = ManualClock(1_670_976_000_000_000_000)
    path = folder / "events.log"
    with SqliteJournal(
        path, clock=clock, program=f"tradekit {release}", journal_id="90de900000000001"
    ) as journal:
        for event in backtest(SmaCross(fast=3, slow=8, qty=0.5), bars, cash=100_000, fee=0.0005).events():
            journal.append([event], critical=False)
            clock.advance(0.001)
        seq = journal.last_seq + 1
        journal.append([Event(seq, 0, 0, 0, "plugin.heard", 3, 0, "x", mark(1).data)], critical=True)
        prune(journal, before=60, min_events=5)
    with open_journal(path) as reader:
        text = json.dumps(told(reader), indent=1, sort_keys=True)
    for left in ("lock", "shm", "wal"):  # an empty WAL, and what readers share
        for file in folder.glob(f"*{left}"):
            file.unlink()
    (folder / "told.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
