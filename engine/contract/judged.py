"""What became of the claims, and the numbers behind a quantity: verdicts with their status, details with their constants."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from engine.contract.declared import Claim


class Status(StrEnum):
    """What became of a claim.

    PENDING: not decided yet. CENSORED: decided by what did not happen before the run's end, which says neither yes nor no.
    NOT_RUN: another preset decides it. NOT_APPLICABLE: these settings are outside the claim's domain.
    """

    HOLDS = "holds"
    FAILS = "fails"
    PENDING = "pending"
    CENSORED = "censored"
    NOT_RUN = "not run"
    NOT_APPLICABLE = "not applicable"

    @property
    def holds(self) -> bool | None:
        """True or False of a decided claim, else None."""
        return {Status.HOLDS: True, Status.FAILS: False}.get(self)

    @property
    def mark(self) -> str:
        """The word beside a claim in tables."""
        return {Status.HOLDS: "yes", Status.FAILS: "no", Status.PENDING: "not yet", Status.NOT_APPLICABLE: "n/a"}.get(self, self.value)


@dataclass(frozen=True)
class Verdict:
    """What became of a claim.

    predicted, measured: as a person reads them; values: the same and what led to them, as numbers by name, for scripts.
    note: how it was measured; reason: why it is not decided, where it is not.
    """

    claim: Claim
    predicted: float | str
    measured: float | str | None
    status: Status
    note: str = ""
    reason: str = ""
    values: Mapping[str, float] = field(default_factory=dict)

    @property
    def holds(self) -> bool | None:
        """Whether the claim holds; None while, or where, that is not decided."""
        return self.status.holds

    @property
    def mark(self) -> str:
        """The word beside the claim in tables."""
        return self.status.mark

    @property
    def remark(self) -> str:
        """Reason and note in one line."""
        return "; ".join(filter(None, (self.reason, self.note)))

    def row(self) -> dict[str, Any]:
        """The claim as the JSON of `genlab run` and `genlab verify` prints it."""
        return {
            "id": self.claim.id, "sentence": self.claim.sentence, "source": self.claim.source, "predicted": self.predicted,
            "measured": self.measured, "values": dict(self.values), "tolerance": self.claim.tolerance, "status": str(self.status),
            "reason": self.reason, "note": self.note, "chance": self.claim.chance, "identity": self.claim.identity,
        }  # fmt: skip


Grade = Literal["", "good", "poor", "bad"]


@dataclass(frozen=True)
class DetailRow:
    """One line of a `Detail`: whose value it is, the value, a word of judgement with its grade, a remark, the numbers behind it."""

    subject: str
    value: float
    word: str = ""
    grade: Grade = ""
    remark: str = ""
    constants: Mapping[str, float] = field(default_factory=dict)

    @property
    def numbers(self) -> str:
        """The constants as text."""
        return f"{self.subject}: " + ", ".join(f"{name}={_brief(value)}" for name, value in self.constants.items())


@dataclass(frozen=True)
class Detail:
    """A quantity with its formula and every constant, printed as a table beside the notes ("Bound PAC-Bayes")."""

    name: str
    formula: str
    rows: tuple[DetailRow, ...]
    caveat: str = ""

    def lines(self) -> tuple[str, ...]:
        """Return the head (values and words), the formula, and each row's constants, as lines of text."""
        words = "; ".join(f"{row.subject} {_brief(row.value)} {row.word}{row.remark}".rstrip() for row in self.rows)
        caveat = f" ({self.caveat})" if self.caveat else ""
        constants = (
            f"{row.subject}: " + ", ".join(f"{name}={_brief(value)}" for name, value in row.constants.items()) for row in self.rows
        )
        return (f"{self.name}{caveat}: {words}", self.formula, *constants)


def _brief(value: float) -> str:
    return f"{value:,.0f}" if math.isfinite(value) and value == int(value) and abs(value) < 1e6 else f"{value:.3g}"


def counted(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return the verdicts that are counted wherever claims are: an identity only where it fails, since that it holds is no evidence."""
    return [verdict for verdict in verdicts if not verdict.claim.identity or verdict.status is Status.FAILS]
