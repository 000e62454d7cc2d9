"""The power goes: a file system is shut down under a writer, without its log, and mounted again.

kill -9 proves nothing about durability, since the page cache survives it. Here it does not: `FS_IOC_SHUTDOWN` throws
away all that was not synced, as a power cut would.
"""

import fcntl
import os
import random
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.proofs.lives import Life, check
from tests.sessions import wait_until

pytestmark = [pytest.mark.proof, pytest.mark.timeout(7200)]

SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2
DISK_MIB = 64
MODES = ("sync", "upkeep", "loop")


class Disk:
    """An ext4 file system in a file, mounted through a loop device."""

    def __init__(self, folder: Path) -> None:
        self.image, self.place = folder / "disk.img", folder / "disk"
        self.place.mkdir()
        with self.image.open("wb") as file:
            file.truncate(DISK_MIB << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", self.image], check=True)
        self.mount()

    def mount(self) -> None:
        subprocess.run(["mount", "-o", "loop", self.image, self.place], check=True)

    def unmount(self) -> None:
        """Take it away, and wait until nobody has it: a network namespace made meanwhile holds a copy of each mount."""
        subprocess.run(["umount", self.place], check=True)
        wait_until(lambda: not self._attached(), 120.0, period_s=0.01)

    def _attached(self) -> bytes:
        return subprocess.run(["losetup", "-j", self.image], check=True, capture_output=True).stdout

    def cut_the_power(self) -> None:
        """From now on nothing reaches the disk, and what was not synced is gone."""
        fd = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(fd)


@pytest.fixture
def disk(tmp_path: Path, proof_needs: Callable[..., None]) -> Iterator[Disk]:
    proof_needs("root", "loop", "mkfs.ext4", "mount", "losetup")
    disk = Disk(tmp_path)
    yield disk
    disk.unmount()


def test_a_power_cut_takes_what_was_not_synced(disk: Disk) -> None:
    """The cut is a real one: a proof that this test cannot fail would be none."""
    synced, lazy = disk.place / "synced", disk.place / "lazy"
    with synced.open("wb") as file:
        file.write(b"kept")
        file.flush()
        os.fsync(file.fileno())
    lazy.write_bytes(b"lost")
    disk.cut_the_power()
    disk.unmount()
    disk.mount()
    assert synced.read_bytes() == b"kept"
    assert not lazy.exists() or lazy.read_bytes() == b""


def test_a_power_cut_loses_no_acknowledged_event(
    disk: Disk, proof_size: Callable[..., int], proof_record: Callable[..., None]
) -> None:
    cuts, rng, acked, slowest = proof_size(ci=5, full=200), random.Random(20221213), 0, 0.0
    file = disk.place / "journal" / "journal.db"
    before = 0
    for number in range(cuts):
        life = Life(file, MODES[number % len(MODES)])
        life.wait_for("\n", rng.randrange(20, 600))
        disk.cut_the_power()
        life.kill()
        said = life.end()
        disk.unmount()
        disk.mount()
        began = time.monotonic()
        last = check(file, said)
        slowest = max(slowest, time.monotonic() - began)
        acked += max(said.acked - before, 0)
        before = last
        if number % 20 == 19:  # a disk has an end
            subprocess.run(["rm", "-r", file.parent], check=True)
            before = 0
    proof_record(
        "a power cut (ext4 shut down without its log): no acknowledged event or snapshot lost, order kept",
        size=f"{cuts} cuts",
        result=f"0 of {acked:,} acknowledged events lost",
        note=f"opened, verified and compared within {slowest:.1f} s",
    )
