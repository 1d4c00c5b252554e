"""The report that users get of an audit."""

from epochwatch._auditing.expectation import Expectation
from epochwatch._auditing.result import AuditResult
from epochwatch._extras import missing_extras_named
from epochwatch._report import terminal
from epochwatch._report.headline import headline


class Report(AuditResult):
    """What an audit found; printed, it is one sentence and a table of 80 columns.

    Attributes:
        headline: the sentence.
        verdict: the worst that happened to the feed's order, such as "restarts"; None for a
            single epoch without a finding.
        findings: what is wrong, the worst first.
        sound: whether there is no finding.
        boundaries: every boundary between two epochs, with the batches before and after it.
        reachable: samples that the steps reach; None where it cannot be known.
        lost: of them, never trained; None likewise.
        order: `fixed`, `alike` and `shuffled_by`.
        unmeasured: what cannot be known, each with its remedy.
        whole: counts over all samples: `samples`, `trained`, `never_trained`, `exposures`,
            `coverage`.
        streams: the same, by stream.
        expected: what was to be expected, and why.
        resumption: whether a killed training goes on as before: `outcome`, `why_not`, `kills`,
            `failed`, `passed_over`; None where `resume` was not asked for.
    """

    @classmethod
    def showing(cls, result: AuditResult) -> "Report":
        return cls(**vars(result))

    @property
    def headline(self) -> str:
        return headline(self)

    def show(self) -> None:
        """Print it: in colour and as wide as the terminal where there is one."""
        terminal.show(self)

    def __str__(self) -> str:
        return terminal.as_text(self)

    __repr__ = __str__  # the counts in it can be of any length

    def draw(self):
        """Draw the report.

        Returns:
            A `matplotlib.figure.Figure`: how each epoch began, the coverage by epoch and how
            often the samples were trained, those of the rarest stream against the rest.

        Raises:
            BadInput: matplotlib is not installed.
        """
        with missing_extras_named("draw"):
            from epochwatch._report import figure

        return figure.draw(self)


class ShownExpectation(Expectation):
    """What is to be expected of a feed; printed, it is a few lines."""

    def as_json(self) -> dict:
        """Return it for JSON, with the batches of the first epochs where they are told."""
        told = [
            {"fit": fit, "epoch": epoch, "batches": places}
            for (fit, epoch), places in self.places.items()
        ]
        more = {"provided": self.provided, "first_epochs": told}
        return {**self.assumed, **super().as_json(), **more}

    def __str__(self) -> str:
        return terminal.expectation_text(self)

    __repr__ = __str__  # the predicted run in it can be of any length
