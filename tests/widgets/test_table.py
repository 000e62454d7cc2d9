from tradekit.widgets.table import table_text


def test_rows_are_aligned_with_numbers_to_the_right() -> None:
    rows = [
        {
            "key": 1,
            "ts": 1_670_889_600_000,
            "side": "▲ buy",
            "side_tone": "up",
            "qty": "0.75",
            "ended": False,
        },
        {"key": 2, "ts": 0, "side": "▼ sell", "side_tone": "down", "qty": "10", "ended": True},
    ]
    assert table_text(rows).splitlines() == [
        "      ts  side     qty",
        "00:00:00  ▲ buy   0.75",
        "          ▼ sell    10",
    ]


def test_a_long_table_says_how_much_it_leaves_out() -> None:
    rows = [{"key": i, "name": f"r{i}"} for i in range(12)]
    assert table_text(rows).splitlines()[-1] == "(2 more)"
    assert len(table_text(rows).splitlines()) == 12
