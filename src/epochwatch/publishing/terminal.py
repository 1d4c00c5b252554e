"""What a terminal would finally show of a program's output, without the log lines."""

import re

_TOKEN = re.compile(
    r"\x1b\[(?P<arguments>[0-?]*)[ -/]*(?P<command>[@-~])"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # a link or a window title
    r"|\x1b[ -/]*[0-~]?"
    r"|(?P<move>[\n\r]|\x08+)"
    r"|(?P<text>[^\x00-\x08\x0a-\x1f\x7f]+)"
)

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


class _Screen:
    """Lines of text and a cursor."""

    def __init__(self):
        self.lines = [""]
        self.row = 0
        self.column = 0

    def write(self, text: str) -> None:
        line = self.lines[self.row].ljust(self.column)
        end = self.column + len(text)
        self.lines[self.row] = line[: self.column] + text + line[end:]
        self.column = end

    def move(self, characters: str) -> None:
        if characters == "\n":
            self.row, self.column = self.row + 1, 0
            self.lines += [""] * (self.row == len(self.lines))
        elif characters == "\r":
            self.column = 0
        else:
            self.column = max(0, self.column - len(characters))

    def obey(self, command: str, arguments: str) -> None:
        if command == "A":
            self.row = max(0, self.row - (int(arguments) if arguments.isdigit() else 1))
        elif command == "K":
            line = self.lines[self.row]
            self.lines[self.row] = {"1": " " * self.column + line[self.column :], "2": ""}.get(
                arguments, line[: self.column]
            )


def shown(text: str) -> str:
    r"""Say what a terminal shows in the end.

    Carriage returns, backspaces, "cursor up" and "erase in line" are carried out, as
    progress bars need them; colours and all other control codes are dropped. (nbconvert's
    CoalesceStreamsPreprocessor drops what stands before a carriage return even where the
    rest is too short to cover it, and knows no backspace.)

    Args:
        text: what a program wrote.

    Returns:
        The lines, without trailing spaces.

    Example:
        >>> shown("loss 0.25\rloss 0.1\b2\n\x1b[1mdone\x1b[0m")
        'loss 0.25\ndone'
    """
    screen = _Screen()
    for token in _TOKEN.finditer(text):
        if token["text"]:
            screen.write(token["text"])
        elif token["move"]:
            screen.move(token["move"])
        elif token["command"]:
            screen.obey(token["command"], token["arguments"])
    return "\n".join(line.rstrip() for line in screen.lines)


def readable(text: str) -> str:
    r"""Clean standard output: what the terminal shows, less log lines and bars.

    Args:
        text: what a program wrote to its standard output.

    Returns:
        The lines that are worth reading; empty if there are none.

    Example:
        >>> readable("I0000 00:00:1795474837.460977 2797 port.cc:153] oneDNN is on\nhello\n")
        'hello'
        >>> readable("625/625 ━━━━━━━━━━━━━━━━━━━━ 2s 3ms/step - loss: 0.0213\n")
        '625/625 - loss: 0.0213'
    """
    lines = [
        _KERAS_BAR.sub("", line)
        for line in shown(text).split("\n")
        if not _LOG_LINE.match(line) and not _TQDM_BAR.fullmatch(line)
    ]
    return "\n".join(lines).strip("\n")
