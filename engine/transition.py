"""Bridge while phenomena move to the new base; goes when the last one has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.contract import Claim, Status, Verdict
from engine.phenomenon import Phenomenon


class OldPhenomenon(Phenomenon[Any]):
    """Judges by free functions."""

    @property
    def done(self) -> bool:
        """Whether there is nothing left to compute."""
        return self.total is not None and self.step >= self.total

    def claims(self) -> Iterator[tuple[Claim, Verdict | None]]:
        """Each claim with a ready-made verdict where the preset does not decide it."""
        for claim in self.spec.claims:
            yield claim, None if claim.applies(self.preset) else self._judge(claim).of(claim)


def old_verdict(claim: Claim, predicted: Any, measured: Any, holds: bool | None, note: str = "") -> Verdict:
    """A verdict of the old form."""
    if holds is None:
        away = note.startswith("needs")
        return Verdict(claim, predicted, measured, Status.NOT_APPLICABLE if away else Status.PENDING, reason=note)
    return Verdict(claim, predicted, measured, Status.HOLDS if holds else Status.FAILS, note)
