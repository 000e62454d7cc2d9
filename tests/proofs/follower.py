"""A client in a process of its own, to be killed or cut off: follows a bridge and says what it sees.

    python -m tests.proofs.follower URI TOKEN_FILE [CA_FILE]

Reads lines from stdin; each is a seq to wait for, and answered, once the client is live and has it, by one line of
JSON: seq and the state's values.
"""

import json
import sys
import time
from pathlib import Path

from tests.client.wire import Replica

WAIT_S = 60.0


def main(uri: str, token_file: str, ca: str | None = None) -> None:
    """Follow until stdin ends."""
    token = Path(token_file).read_text(encoding="ascii").strip()
    replica = Replica(uri, token, ca=ca, stale_after_s=0.4, dead_after_s=0.8)
    with replica.connection:
        for line in sys.stdin:
            wanted, end = int(line), time.monotonic() + WAIT_S
            while not (replica.connection.status.name == "live" and replica.seq >= wanted):
                if time.monotonic() > end:
                    status = replica.connection.status
                    print(
                        json.dumps({"seq": replica.seq, "status": status.name, "reason": status.reason}),
                        flush=True,
                    )
                    return
                time.sleep(0.002)
            print(json.dumps({"seq": replica.seq, "values": replica.values}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
