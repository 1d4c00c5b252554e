"""A notebook that has what breaks pages: all of it wide, long, or of use to Liquid."""

from nbformat import v4

TITLE = "{{ Adversarial }} <b>&amp;"
COLUMNS = range(30)
LONG_WORD, LONG_NAME, LONG_PATH = "unbroken" * 30, "long_name" * 20, "path/" * 40
LONG_SUM = " + ".join(f"x_{{{n}}}^2" for n in range(60))

PROSE = r"""# Title

Formulas: $\frac{a}{b} \le \sum_{i=1}^{n} p_i$, |x| and $|x|$, `$code$`, $5 alone.

$$
1 - \left(1 - \frac{1}{n}\right)^{k} =
\begin{cases} 1 & k \to \infty \\ 0 & k = 0 \end{cases}
$$

$$LONG_SUM$$

- an item with $\sqrt{2}$
- and one with a very long word, LONG_WORD

| formula | meaning |
| --- | --- |
| $\bar{x}$ | the mean of `LONG_NAME` |
| $\lvert x\rvert$ | its size |

WIDE_TABLE

A table at once:
| of | two |
| --- | --- |
| one | three |

Literal *em*{:02d}, {{ braces }}, {% tags %}, {% endraw %} and https://example.org/LONG_PATH
"""
WIDE_TABLE = "\n".join(
    f"| {' | '.join(row)} |"
    for row in (
        [f"column_{n}" for n in COLUMNS],
        ["---:" for _ in COLUMNS],
        ["1,234" for _ in COLUMNS],
    )
)
SOURCE = """# A comment
import keras
from pathlib import Path


class Checkpoint(keras.callbacks.ModelCheckpoint):
    '''Writes weights.{epoch:02d}.keras.'''

    @property
    def name(self):
        return f"{{x}} {self.epoch:02d}" + "{% if y %}" * 3 if self.epoch else None  # LONG_NAME
"""
FRAME = "<table><tr><th></th><th>{{ x }}</th></tr><tr><th>0</th><td>a|b</td></tr></table>"


def cells(figure):
    """Make its cells, of which one shows a figure."""
    narrow = figure.outputs[0].data["image/png"]
    figure.outputs[0].data["application/vnd.epochwatch.narrow+png"] = narrow
    figure.outputs.insert(0, v4.new_output("display_data", data={"text/markdown": "**Yes.** No."}))
    figure.metadata["tags"] = ["answer"]
    return [
        v4.new_code_cell("long_name: str = 'x'  # {{ y }}", metadata={"tags": ["parameters"]}),
        v4.new_markdown_cell(spelled_out(PROSE)),
        v4.new_code_cell(
            spelled_out(SOURCE),
            outputs=[
                printed("".join(f"step {n}: {'{{ loss }} ' * (n % 300)}\n" for n in range(20_000))),
                v4.new_output("display_data", data={"text/html": FRAME}),
                printed("x" * 100_000),
            ],
            metadata={"tags": ["fold-input"]},
        ),
        v4.new_code_cell("table()", outputs=[as_markdown(WIDE_TABLE)]),
        figure,
    ]


def spelled_out(text):
    for name in ("LONG_WORD", "LONG_NAME", "LONG_PATH", "LONG_SUM", "WIDE_TABLE"):
        text = text.replace(name, globals()[name])
    return text


def as_markdown(text):
    return v4.new_output("display_data", data={"text/markdown": text})


def printed(text):
    return v4.new_output("stream", name="stdout", text=text)
