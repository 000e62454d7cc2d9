"""Every bound the bridge keeps, in one place; a config may raise them.

Knows no policy but these numbers.
"""

import msgspec

__all__ = ["Limits"]


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one bridge and each of its clients may use.

    clients, per_ip      connections at a time, and from one address (no bound for an address on loopback)
    unauthenticated      connections from one address that have not shown a token yet, loopback too
    handshakes           connections at a time that have not finished the opening handshake
    auth_s               within which the token and the hello must have come [s]
    message_bytes, depth size and nesting of a client's message
    topics               subscriptions of one client
    requests_per_s       commands and queries of one client (stopping commands are counted apart)
    queries              queries of one client under way at a time
    expires_s            longest life of a command [s]
    answers              commands remembered, so that the same id is carried out once
    queue_frames, _bytes how far a client may fall behind before it gets a gap and a snapshot
    ring_events, _bytes  events kept in memory for all clients together
    frame_bytes          largest frame of events (one larger event goes alone)
    resume_events        a client further behind gets a snapshot
    progress_s           a client that takes not one byte for so long is cut off [s]
    send_buffer          the kernel's send buffer for a client [bytes]
    beat_s, ticks_s      period of beats, and the least between two frames of display ticks [s]
    ping_s               WebSocket ping and its patience [s]
    """

    clients: int = 64
    per_ip: int = 8
    unauthenticated: int = 8
    handshakes: int = 128
    auth_s: float = 3.0
    message_bytes: int = 65_536
    depth: int = 16
    topics: int = 32
    requests_per_s: float = 20.0
    queries: int = 2
    expires_s: float = 5.0
    answers: int = 1024
    queue_frames: int = 512
    queue_bytes: int = 1_048_576
    ring_events: int = 16_384
    ring_bytes: int = 16_777_216
    frame_bytes: int = 262_144
    resume_events: int = 50_000
    progress_s: float = 10.0
    send_buffer: int = 262_144
    beat_s: float = 1.0
    ticks_s: float = 0.05
    ping_s: float = 20.0
