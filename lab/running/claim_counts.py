"""How a claim came out over independent runs: how often it was decided and failed, and whether that is more than luck explains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.special import bdtrc

from engine.contract import Claim, Status

LEVEL = 0.01  # a claim fails too often where so many failures, or more, have less than this probability
SHORT_OF = (Status.PENDING, Status.CENSORED)  # the preset should have decided it


@dataclass(frozen=True)
class ClaimCount:
    """One claim over runs. rows: what each run said of it (`Verdict.row`, with the run's seed)."""

    claim: Claim
    rows: Sequence[Mapping[str, Any]]

    def count(self, *statuses: Status) -> int:
        """How many runs came to one of these."""
        return sum(row["status"] in statuses for row in self.rows)

    @property
    def decided(self) -> int:
        """How many runs decided it."""
        return self.count(Status.HOLDS, Status.FAILS)

    @property
    def failed(self) -> int:
        """In how many runs it failed."""
        return self.count(Status.FAILS)

    @property
    def probability(self) -> float | None:
        """How likely so many failures, or more, are where the claim is true: P(X >= failed), X binomial; None where none is decided."""
        if not self.decided:
            return None
        return float(bdtrc(self.failed - 1, self.decided, self.claim.chance)) if self.failed else 1.0

    @property
    def too_often(self) -> bool:
        """Whether it failed more often than it may; of a single run, whether it failed."""
        if len(self.rows) == 1 or not self.claim.chance:
            return self.failed > 0
        return self.probability is not None and self.probability < LEVEL

    @property
    def undecided(self) -> bool:
        """Whether no run decided it although the preset should."""
        return not self.decided and self.count(*SHORT_OF) > 0

    @property
    def status(self) -> Status:
        """What became of it over all: fails where it failed too often, holds where it was decided otherwise."""
        if self.decided:
            return Status.FAILS if self.too_often else Status.HOLDS
        return max(map(Status, (row["status"] for row in self.rows)), key=lambda status: self.count(status))

    @property
    def sentence(self) -> str:
        """The binomial verdict in words; of a single run, what it came to."""
        if not self.decided:
            return f"{self.status}: {self.rows[0].get('reason', '')}".removesuffix(": ")
        if self.claim.identity:
            return "does not hold, which is a defect" if self.failed else "holds"
        if len(self.rows) == 1:
            return str(self.status)
        return "more often than it may" if self.too_often else "no more often than it may"

    def record(self) -> dict[str, Any]:
        """The claim as JSON."""
        claim = self.claim
        return {
            "id": claim.id, "sentence": claim.sentence, "source": claim.source, "tolerance": claim.tolerance, "identity": claim.identity,
            "chance": claim.chance, "status": str(self.status), "decided": self.decided, "failed": self.failed,
            "counts": {str(status): self.count(status) for status in Status}, "probability": self.probability,
            "too_often": self.too_often, "verdict": self.sentence, "runs": [dict(row) for row in self.rows],
        }  # fmt: skip


def count_claims(claims: Sequence[Claim], results: Sequence[Mapping[str, Any]]) -> list[ClaimCount]:
    """Count every claim over result lines of `genlab run --json`; a claim of which no run says anything is left out."""
    found = []
    for claim in claims:
        rows = [{"seed": result["seeds"][0], **row} for result in results for row in result["claims"] if row["id"] == claim.id]
        if rows:
            found.append(ClaimCount(claim, rows))
    return found
