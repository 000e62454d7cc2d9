"""A text file that another program appends to, read as it grows: whole lines only, each once, whatever becomes of it.

Knows inodes and line ends, not what a line says. It may be cut, rewritten, or replaced by a new one at any time.
"""

import os
from pathlib import Path
from typing import BinaryIO, NamedTuple

__all__ = ["GrowingFile", "Grown"]

_MOST = 1 << 18  # bytes at a time: what is read is parsed while a session waits
_REMEMBERED = 64  # bytes before the place reached, by which a file that was rewritten is known


class Grown(NamedTuple):
    """What has been read since the last time.

    header  the file's first line
    lines   whole lines behind it, their ends included; "" where there are none
    first   the number of the first of them in the file, from 1
    news    what happened to the file, in words; "" mostly
    more    whether there is more to read already
    """

    header: str = ""
    lines: str = ""
    first: int = 0
    news: str = ""
    more: bool = False


class GrowingFile:
    """Reads `path` from its beginning on; a new beginning (cut, rewritten, replaced) is read from its own.

    A line that is longer than what is read at a time is told, and passed over. Raises OSError where the file is there
    and cannot be read, UnicodeDecodeError where it is no text.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self._missing = False
        self._begin()

    def _begin(self) -> None:
        self._offset, self._number, self._header, self._before = 0, 1, "", b""
        self._too_long = False  # the line that begins, or goes on, at the offset, which has been told

    def read(self) -> Grown:
        """What is new: at most 256 KB of it."""
        news = self._find()
        if self._file is None:
            return Grown(news=news)
        if self._was_changed(self._file):
            self._begin()
            news = f"{self.path.name} was cut or rewritten: it is read from its beginning"
        grown = self._whole_lines(self._file, news)
        if not grown.lines and not grown.more and self._was_replaced(self._file):
            rest = os.fstat(self._file.fileno()).st_size - self._offset
            self.close()
            lost = "; half a line at the end of the old one is lost" if rest else ""
            return Grown(news=f"{self.path.name} was replaced by a new file{lost}", more=True)
        return grown

    def close(self) -> None:
        """Let the file go."""
        if self._file is not None:
            self._file.close()
        self._file = None
        self._begin()

    def _find(self) -> str:
        """Open the file if it is not; what to say of it."""
        if self._file is not None:
            return ""
        try:
            self._file = self.path.open("rb", buffering=0)
        except FileNotFoundError:
            told, self._missing = self._missing, True
            return "" if told else f"there is no file {self.path} yet: it is waited for"
        told, self._missing = self._missing, False
        return f"{self.path.name} is there" if told else ""

    def _was_changed(self, file: BinaryIO) -> bool:
        """Whether what was read is not what stands there any more."""
        if os.fstat(file.fileno()).st_size < self._offset:
            return True
        return _at(file, self._offset - len(self._before), len(self._before)) != self._before

    def _was_replaced(self, file: BinaryIO) -> bool:
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return False  # moved away: what follows may still come here, until a new one stands in its place
        mine = os.fstat(file.fileno())
        return (there.st_dev, there.st_ino) != (mine.st_dev, mine.st_ino)

    def _whole_lines(self, file: BinaryIO, news: str) -> Grown:
        read = _at(file, self._offset, _MOST)
        more = len(read) == _MOST
        whole = read[: read.rfind(b"\n") + 1]
        if more and not whole and not self._too_long:
            self._too_long = True
            news = "; ".join(filter(None, (news, self._told_too_long())))
        if self._too_long and self._header:
            return Grown(self._header, news=news, more=self._pass_over(read) or more)
        if not whole:
            return Grown(self._header, news=news)
        self._passed(whole)
        self._too_long = False
        text, first = whole.decode("utf-8-sig" if not self._header else "utf-8"), self._number
        self._number += text.count("\n")
        if not self._header:
            self._header, _, text = text.partition("\n")
            first += 1
        return Grown(self._header, text, first, news, more=more)

    def _told_too_long(self) -> str:
        """What is wrong, where, and what to do."""
        where = f"line {self._number} of {self.path.name}, which begins at byte {self._offset}"
        told = f"{where}, is longer than {_MOST} bytes: "
        if self._header:
            return f"{told}it is left out; let the program that writes it end each bar's line"
        return f"{told}this is no file of bars; its first line has to name the columns: write it anew"

    def _pass_over(self, read: bytes) -> bool:
        """Go on behind the long line; whether its end was here."""
        end = read.find(b"\n") + 1
        self._passed(read[: end or len(read)])
        if end:
            self._too_long = False
            self._number += 1
        return bool(end)

    def _passed(self, read: bytes) -> None:
        self._offset += len(read)
        self._before = (self._before + read)[-_REMEMBERED:]


def _at(file: BinaryIO, offset: int, count: int) -> bytes:
    """The bytes there, fewer at the file's end."""
    file.seek(offset)
    found = bytearray()
    while len(found) < count and (part := file.read(count - len(found))):
        found += part
    return bytes(found)
