import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochwatch_lab.post import _terminal as terminal

MOVES = ["\r", "\n", "\b", "\b\b\b", "\x1b[A", "\x1b[2A"]
ERASURES = ["\x1b[K", "\x1b[1K", "\x1b[2K"]
NOTHING = ["\x1b[32m", "\x1b[0m", "\x1b]8;;http://a\x1b\\", "\x07"]
WORDS = ["ab", "12345", "━", " "]
WRITTEN = st.lists(st.sampled_from([*MOVES, *ERASURES, *NOTHING, *WORDS]), max_size=30)


def cell_by_cell(pieces):
    """A terminal as a grid of cells, one character at a time."""
    grid, row, column = {}, 0, 0
    last_row = 0
    for piece in pieces:
        if piece.startswith("\x1b["):
            if piece.endswith("A"):
                row = max(0, row - int(piece[2:-1] or 1))
            erased = {"\x1b[K": (column, 999), "\x1b[1K": (0, column), "\x1b[2K": (0, 999)}
            for place in range(*erased.get(piece, (0, 0))):
                grid.pop((row, place), None)
        elif not piece.startswith(("\x1b", "\x07")):
            for character in piece:
                if character == "\n":
                    row, column = row + 1, 0
                elif character == "\r":
                    column = 0
                elif character == "\b":
                    column = max(0, column - 1)
                else:
                    grid[row, column] = character
                    column += 1
        last_row = max(last_row, row)
    lines = [
        "".join(grid.get((row, place), " ") for place in range(200)).rstrip()
        for row in range(last_row + 1)
    ]
    return "\n".join(lines)


@given(WRITTEN)
@settings(max_examples=500, deadline=None)
def test_the_screen_is_that_of_a_terminal_of_single_cells(pieces):
    assert terminal.shown("".join(pieces)) == cell_by_cell(pieces)


@given(st.text())
def test_no_control_code_is_left_whatever_was_written(text):
    left = terminal.shown(text)
    assert not [c for c in left if (ord(c) < 32 and c not in "\n\t") or c == "\x7f"]


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"]))))
def test_text_without_control_codes_is_shown_as_it_is(lines):
    assert terminal.shown("\n".join(lines)) == "\n".join(lines)


def test_what_a_shorter_text_does_not_cover_stays_on_the_screen():
    # nbconvert's own CoalesceStreamsPreprocessor makes "ok" of this.
    assert terminal.shown("done 100%\rok") == "okne 100%"


def test_a_keras_epoch_ends_as_one_line_without_bar_and_times():
    # As Keras 3.15 writes it, bar after bar over the one before.
    half = "\x1b[32m━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━\x1b[0m"
    full = "\x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m"
    written = [
        "Epoch 1/1\n",
        f"\r\x1b[1m1/2\x1b[0m {half} \x1b[1m13s\x1b[0m 20ms/step - loss: 0.5123",
        "\b" * 53,
        f"\r\x1b[1m2/2\x1b[0m {full} \x1b[1m4s\x1b[0m 9ms/step - loss: 0.25    \n",
    ]
    assert terminal.readable("".join(written)) == "Epoch 1/1\n2/2 - loss: 0.25"


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-23 22:00:00.123456: I tensorflow/core/util/port.cc:153] oneDNN is on.",
        "I0000 00:00:1795474837.460977    2797 port.cc:153] oneDNN custom operations are on.",
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        "To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow",
        "WARNING:tensorflow:Your input ran out of data; interrupting training.",
        "WARNING:absl:Skipping variable loading for optimizer 'Adam'",
        "100%|██████████| 3/3 [00:00<00:00, 46951.16it/s]",
        "Training:  50%|█████     | 1/2 [00:00<00:00,  3.10it/s]",
    ],
)
def test_log_lines_and_finished_bars_are_dropped(line):
    assert terminal.readable(f"before\n{line}\nafter\n") == "before\nafter"


@pytest.mark.parametrize(
    "line",
    [
        "I ate 3 of 5.",
        "2026-11-23: 5,000 of 53,258 samples were trained",
        "WARNING: the feed restarts",
        "50% | of all",
        "a ━━ b",
    ],
)
def test_lines_that_only_resemble_them_stay(line):
    assert terminal.readable(line) == line


# much output


def test_a_text_of_a_hundred_lines_is_shown_whole():
    text = "\n".join(map(str, range(100)))
    assert terminal.shortened(text) == text


@given(st.integers(101, 3000))
def test_of_more_the_first_and_the_last_are_shown_and_the_rest_is_counted(lines):
    shown = terminal.shortened("\n".join(map(str, range(lines)))).split("\n")
    assert shown[:80] == [str(n) for n in range(80)]
    assert shown[80] == f"… {lines - 100:,} lines left out"
    assert shown[81:] == [str(n) for n in range(lines - 20, lines)]


def test_a_long_line_is_cut_and_says_by_how_much():
    assert terminal.shortened("a" * 1000) == "a" * 1000
    assert terminal.shortened("a" * 1000 + "b" * 5) == "a" * 1000 + " … 5 characters left out"


MUCH = {
    "lines": "epoch 12, step 345: loss 0.1234\n",
    "one line": "x",
    "one line of digits": "1",
    "one line that resembles a bar": "1%| ",
    "colours in one line": "\x1b[32m.\x1b[0m",
    "a bar": "\r 17% of it done",
    "a rubbed-out counter": "12\b\b",
    "lines rewritten": "12\n13\n\x1b[2A",
    "unclosed titles": "\x1b]0;t",
}


@pytest.mark.parametrize("piece", MUCH.values(), ids=MUCH)
def test_the_time_that_much_output_takes_grows_with_its_length_not_with_its_square(piece):
    def seconds(characters):
        text = piece * (characters // len(piece))
        begin = time.process_time()  # a busy machine adds little to it
        terminal.shortened(terminal.readable(text))
        return time.process_time() - begin

    little = min(seconds(25_000) for _ in range(3))
    # 64 times the length, far from both 64 times the time and the 4,096 times of the square.
    assert seconds(1_600_000) < 0.2 + 64 * 8 * little
