"""A file that grows, and everything that may happen to it."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.data import growing
from tradekit.data.growing import GrowingFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bars.csv"


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def test_lines_are_read_once_each_as_they_come(path: Path) -> None:
    append(path, "head\none\ntwo\n")
    file = GrowingFile(path)
    grown = file.read()
    assert (grown.header, grown.lines, grown.first, grown.news) == ("head", "one\ntwo\n", 2, "")
    assert file.read().lines == ""
    append(path, "three\n")
    grown = file.read()
    assert (grown.header, grown.lines, grown.first) == ("head", "three\n", 4)
    file.close()


def test_half_a_line_waits_for_its_end(path: Path) -> None:
    append(path, "head\none\ntw")
    file = GrowingFile(path)
    assert file.read().lines == "one\n"
    append(path, "o")
    assert file.read().lines == ""
    append(path, "\n")
    assert file.read().lines == "two\n"
    file.close()


def test_half_a_header_is_none_yet(path: Path) -> None:
    append(path, "he")
    file = GrowingFile(path)
    assert file.read().header == ""
    append(path, "ad\nx\n")
    grown = file.read()
    assert (grown.header, grown.lines) == ("head", "x\n")
    file.close()


def test_a_byte_order_mark_is_no_part_of_the_header(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbfts\n1\n")
    file = GrowingFile(path)
    assert file.read().header == "ts"
    file.close()


def test_a_file_that_is_not_there_is_waited_for_and_that_is_said_once(path: Path) -> None:
    file = GrowingFile(path)
    assert file.read().news == f"there is no file {path} yet: it is waited for"
    assert file.read().news == ""
    append(path, "head\none\n")
    grown = file.read()
    assert (grown.news, grown.lines) == ("bars.csv is there", "one\n")
    file.close()


@pytest.mark.parametrize("anew", ["head\nnew\n", "head\nlonger than it was before, by far\n"])
def test_a_file_that_was_cut_or_rewritten_is_read_from_its_beginning(path: Path, anew: str) -> None:
    append(path, "head\none\ntwo\n")
    file = GrowingFile(path)
    file.read()
    path.write_text(anew, encoding="utf-8")
    grown = file.read()
    assert grown.lines == anew.partition("\n")[2]
    assert grown.news == "bars.csv was cut or rewritten: it is read from its beginning"
    file.close()


def test_a_file_that_was_replaced_is_read_to_its_end_before_the_new_one(path: Path) -> None:
    append(path, "head\none\n")
    file = GrowingFile(path)
    file.read()
    append(path, "the last of the old\n")
    path.rename(path.with_suffix(".1"))
    append(path, "head\nthe first of the new\n")
    assert file.read().lines == "the last of the old\n"
    told = file.read()
    assert (told.news, told.more) == ("bars.csv was replaced by a new file", True)
    assert file.read().lines == "the first of the new\n"
    file.close()


def test_half_a_line_at_the_end_of_a_replaced_file_is_said_to_be_lost(path: Path) -> None:
    append(path, "head\none\nha")
    file = GrowingFile(path)
    file.read()
    path.rename(path.with_suffix(".1"))
    append(path, "head\n")
    assert file.read().news.endswith("; half a line at the end of the old one is lost")
    file.close()


def test_a_file_that_was_moved_away_is_read_on_until_another_stands_there(path: Path) -> None:
    append(path, "head\none\n")
    file = GrowingFile(path)
    file.read()
    moved = path.rename(path.with_suffix(".1"))
    append(moved, "late\n")
    assert file.read().lines == "late\n"
    assert file.read().news == ""
    file.close()


def test_a_long_file_comes_in_pieces_of_whole_lines(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "_MOST", 16)
    append(path, "head\n" + "".join(f"line {n}\n" for n in range(20)))
    file = GrowingFile(path)
    lines, pieces = "", 0
    while (grown := file.read()).lines or grown.more:
        lines, pieces = lines + grown.lines, pieces + 1
    assert lines.splitlines() == [f"line {n}" for n in range(20)]
    assert pieces > 5
    file.close()


def test_a_line_that_is_too_long_is_said_and_left_out_and_those_behind_it_are_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "_MOST", 64)
    append(path, "head\none\n" + "x" * 70)
    file = GrowingFile(path)
    assert file.read().lines == "one\n"
    grown = file.read()
    assert grown.news.startswith(
        "line 3 of bars.csv, which begins at byte 9, is longer than 64 bytes: it is left out"
    )
    assert "end each bar's line" in grown.news
    assert grown.more
    assert [file.read() for _ in range(2)] == [growing.Grown("head")] * 2
    append(path, "x" * 300 + "\nfour\nfi")
    while not (grown := file.read()).lines:
        assert grown.news == ""
        assert grown.more
    assert (grown.lines, grown.first, grown.news) == ("four\n", 4, "")
    append(path, "ve\n")
    assert file.read().lines == "five\n"
    file.close()


def test_a_first_line_that_is_too_long_is_no_header_and_that_is_said_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "_MOST", 64)
    append(path, "x" * 70)
    file = GrowingFile(path)
    grown = file.read()
    assert grown.news.startswith("line 1 of bars.csv, which begins at byte 0, is longer than 64 bytes")
    assert "its first line has to name the columns" in grown.news
    assert not grown.more
    append(path, "x" * 100)
    assert file.read() == growing.Grown()
    path.write_text("head\none\n", encoding="utf-8")
    assert file.read().lines == "one\n"
    file.close()


def test_what_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="directory"):
        GrowingFile(tmp_path).read()


@given(st.lists(st.integers(1, 7), max_size=12), st.integers(1, 6))
@law(40)
def test_however_a_text_is_written_its_lines_come_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[int], width: int
) -> None:
    path = tmp_path_factory.mktemp("growing") / "bars.csv"
    text = "head\n" + "".join(f"{'x' * (n % width)}{n}\n" for n in range(sum(pieces)))
    file, read, at = GrowingFile(path), "", 0
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    for piece in [*pieces, len(text)]:
        os.write(fd, text[at : at + piece].encode())
        at += piece
        read += file.read().lines
    os.close(fd)
    file.close()
    assert read == text.partition("\n")[2]
