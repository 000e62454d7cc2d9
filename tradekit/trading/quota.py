"""How much a venue takes in a while: weights in a sliding window, a part kept for what must not wait, and pauses.

Pure: the time is given to it. Knows no venue, no request and no waiting.
"""

from collections import deque

import msgspec

__all__ = ["Kept", "Quota"]

KEPT = 0.2  # of the window is for cancels and questions


class Kept(msgspec.Struct, frozen=True):
    """A quota as it stands: what was spent when, until when a pause lasts, and whether it is a ban."""

    spent: list[tuple[float, float]] = []
    until: float = 0.0
    banned: bool = False


class Quota:
    """So much weight within any `window_s` seconds. Times are seconds of a monotonic clock.

    banned  whether the venue has shut us out, and not merely asked us to wait
    """

    def __init__(self, most: float, window_s: float, *, kept: float = KEPT) -> None:
        self.most = most
        self.window_s = window_s
        self.banned = False
        self._kept = kept * most
        self._spent: deque[tuple[float, float]] = deque()  # when, how much
        self._until = float("-inf")  # a pause's end

    def wait(self, cost: float, now: float, *, urgent: bool = False) -> float:
        """Take `cost` and give 0; or take nothing, and say in how many seconds there is room for it.

        What is not urgent leaves the kept part untouched. Neither goes before a pause is over. A cost that is larger
        than all there is for it takes the whole of that.
        """
        if now < self._until:
            return self._until - now
        self.banned = False
        used = self._used(now)
        room = self.most if urgent else self.most - self._kept
        needed = min(cost, room)
        if used + needed <= room:
            self._spent.append((now, needed))
            return 0.0
        free = room - used
        for at, spent in self._spent:
            free += spent
            if free >= needed:
                return max(at + self.window_s - now, 1e-3)
        return self.window_s

    def told(self, used: float, now: float) -> None:
        """The venue counts `used` in its window: what is more than ours was spent by others behind this address."""
        beyond = used - self._used(now)
        if beyond > 0:
            self._spent.append((now, beyond))

    def pause(self, seconds: float, now: float, *, banned: bool = False) -> None:
        """The venue wants nothing for so long; a longer pause that is under way stays."""
        self._until = max(self._until, now + seconds)
        self.banned = self.banned or banned

    def kept(self, now: float) -> Kept:
        """What is to be known of it elsewhere; spendings of half a second are one, as old as the youngest of them."""
        self._used(now)
        spent: dict[int, tuple[float, float]] = {}
        for at, cost in self._spent:
            slot = int(at * 2)
            spent[slot] = (at, cost + spent.get(slot, (at, 0.0))[1])
        return Kept(list(spent.values()), max(self._until, 0.0), self.banned)

    def go_on(self, kept: Kept) -> None:
        """Go on with what was known elsewhere."""
        self._spent = deque(kept.spent)
        self._until, self.banned = kept.until, kept.banned

    def _used(self, now: float) -> float:
        while self._spent and self._spent[0][0] <= now - self.window_s:
            self._spent.popleft()
        return sum(spent for _, spent in self._spent)
