"""What a terminal would finally show of a program's output, without the log lines.

All of it takes time by the length of what was written, be it 200 MB in one line.
"""

import re

_TOKEN = re.compile(
    r"\x1b\[(?P<arguments>[0-?]*)[ -/]*(?P<command>[@-~])"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # a link or a window title
    r"|\x1b[ -/]*[0-~]?"
    r"|(?P<move>[\n\r]|\x08+)"
    r"|(?P<text>[^\x00-\x08\x0a-\x1f\x7f]+)"
)

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

_LOG_LINE = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWEF] \S+:\d+\] "
    r"|[IWEF]\d{4} \d\d:\d\d:[\d.]+ +\d+ \S+:\d+\] "
    r"|WARNING: All log messages before absl::InitializeLog\(\)"
    r"|To enable the following instructions: "  # the second line of cpu_feature_guard's message
    r"|(?:DEBUG|INFO|WARNING|ERROR|FATAL):(?:tensorflow|absl):"
)
_TQDM_BAR = re.compile(r".*\d+%\|.*\| .*\[.*\]")

# Keras ends each epoch with a full bar and two times, which say nothing about the training.
_KERAS_BAR = re.compile(r" ━{4,}(?: \d+\S*){0,2}")


# What a post shows of a long output: its beginning, its end, and of each line so much.
FIRST_LINES, LAST_LINES, LONGEST_LINE = 80, 20, 1000


class _Screen:
    """Lines of text and a cursor, whose own line is a list, so that writing copies no line."""

    def __init__(self):
        self.lines = [""]
        self.line = []
        self.row = 0
        self.column = 0

    def write(self, text: str) -> None:
        self.line += " " * (self.column - len(self.line))
        end = self.column + len(text)
        self.line[self.column : end] = text
        self.column = end

    def go_to(self, row: int) -> None:
        self.lines[self.row] = "".join(self.line)
        self.lines += [""] * (row == len(self.lines))
        self.row, self.line = row, list(self.lines[row])

    def move(self, characters: str) -> None:
        if characters == "\n":
            self.go_to(self.row + 1)
            self.column = 0
        elif characters == "\r":
            self.column = 0
        else:
            self.column = max(0, self.column - len(characters))

    def obey(self, command: str, arguments: str) -> None:
        if command == "A":
            self.go_to(max(0, self.row - (int(arguments) if arguments.isdigit() else 1)))
        elif command == "K" and arguments == "1":
            self.line[: self.column] = " " * min(self.column, len(self.line))
        elif command == "K":
            del self.line[0 if arguments == "2" else self.column :]


def shown(text: str) -> str:
    r"""Write what a terminal shows in the end, as lines without trailing spaces.

    Carriage returns, backspaces, "cursor up" and "erase in line" are carried out, as
    progress bars need them; colours and all other control codes are dropped. (nbconvert's
    CoalesceStreamsPreprocessor drops what stands before a carriage return even where the
    rest is too short to cover it, and knows no backspace.)

    Example:
        >>> shown("loss 0.25\rloss 0.1\b2\n\x1b[1mdone\x1b[0m")
        'loss 0.25\ndone'
    """
    return "\n".join(_shown_lines(text))


def _shown_lines(text: str) -> list[str]:
    if not _CONTROL.search(text):
        return [line.rstrip() for line in text.split("\n")]
    screen = _Screen()
    for token in _TOKEN.finditer(text):
        if token["text"]:
            screen.write(token["text"])
        elif token["move"]:
            screen.move(token["move"])
        elif token["command"]:
            screen.obey(token["command"], token["arguments"])
    screen.go_to(screen.row)
    return [line.rstrip() for line in screen.lines]


def readable(text: str) -> str:
    r"""Clean standard output: what the terminal shows, less log lines and bars.

    Example:
        >>> readable("I0000 00:00:1795474837.460977 2797 port.cc:153] oneDNN is on\nhello\n")
        'hello'
        >>> readable("625/625 ━━━━━━━━━━━━━━━━━━━━ 2s 3ms/step - loss: 0.0213\n")
        '625/625 - loss: 0.0213'
    """
    lines = [
        _KERAS_BAR.sub("", line)
        for line in _shown_lines(text)
        if not _LOG_LINE.match(line) and not _is_tqdm_bar(line)
    ]
    return "\n".join(lines).strip("\n")


def _is_tqdm_bar(line: str) -> bool:
    # The expression takes time by the square of the length: only ask where a bar can be.
    return "%|" in line and len(line) <= LONGEST_LINE and bool(_TQDM_BAR.fullmatch(line))


def shortened(text: str) -> str:
    r"""Leave out the middle of many lines, and the end of long lines, and note how much that was.

    Example:
        >>> shortened("x" * 1_234_567)[997:]
        'xxx … 1,233,567 characters left out'
        >>> shortened("x\n" * 1_000)[156:185]
        'x\nx\n… 901 lines left out\nx\nx\n'
    """
    lines = text.split("\n")
    left_out = len(lines) - FIRST_LINES - LAST_LINES
    if left_out > 0:
        lines[FIRST_LINES:-LAST_LINES] = [f"… {left_out:,} lines left out"]
    return "\n".join(map(_shortened_line, lines))


def _shortened_line(line: str) -> str:
    left_out = len(line) - LONGEST_LINE
    return f"{line[:LONGEST_LINE]} … {left_out:,} characters left out" if left_out > 0 else line
