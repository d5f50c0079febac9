"""How a claim is judged: a function from the experiment to a `Judgement`, one kind for all phenomena.

>>> def _delayed(run: Grokking) -> Judgement:
...     if not run.over:
...         return PENDING
...     return decided(ratio >= 5, f"{ratio:.3g}", values={"ratio": ratio})
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from engine.config import Config
from engine.contract import Claim, Spec, Status, Verdict, unmet

P = TypeVar("P", contravariant=True)


@dataclass(frozen=True)
class Judgement:
    """A verdict without its claim. predicted: what the theory says for these settings, where that is more than the claim's own words."""

    status: Status
    measured: float | str | None = None
    note: str = ""
    reason: str = ""
    predicted: float | str | None = None
    values: Mapping[str, float] = field(default_factory=dict)

    def of(self, claim: Claim) -> Verdict:
        """Return the verdict on a claim; numbers that stand in `predicted` and `measured` are among its values too."""
        predicted = claim.prediction if self.predicted is None else self.predicted
        words = (("predicted", predicted), ("measured", self.measured))
        numbers = {name: float(item) for name, item in words if isinstance(item, int | float) and not isinstance(item, bool)}
        return Verdict(
            claim,
            predicted,
            self.measured,
            self.status,
            self.note,
            self.reason,
            {**numbers, **{name: float(item) for name, item in self.values.items()}},
        )


LEAST_SHARE = 1e-8  # a p-value that is smaller is called that
Judges: TypeAlias = Mapping[str, Callable[[P], Judgement]]

PENDING = Judgement(Status.PENDING)


def decided(
    holds: bool, measured: float | str, note: str = "", *, predicted: float | str | None = None, values: Mapping[str, float] | None = None
) -> Judgement:
    """A claim that was measured: it holds, or it fails. values: the numbers behind words in `measured`."""
    return Judgement(Status.HOLDS if holds else Status.FAILS, measured, note, predicted=predicted, values=values or {})


def rarest(share: float, compared: int, luck: float, farthest: str, values: Mapping[str, float]) -> Judgement:
    """A claim about many means at once, judged by the smallest of their p-values against its Bonferroni limit.

    share: the smallest p-value; compared: how many there are; luck: how often all together may fail a true claim.
    farthest: where the smallest is, what was measured there, and what theory says; values: the same numbers.
    """
    limit = luck / compared
    note = f"smallest of {compared:,} p-values, limit {luck:g}/{compared:,}; {farthest}"
    numbers = {**values, "share": share, "limit": limit, "compared": compared}
    return decided(share >= limit, f"p-value {_p_value(share)}", note, predicted=f"at least {_p_value(limit)}", values=numbers)


def _p_value(share: float) -> str:
    """Two digits; what is below 1e-8 is only called that, for laws are not known so far out."""
    return f"{share:.2g}".replace("e-0", "e-") if share >= LEAST_SHARE else f"below {LEAST_SHARE:.0e}".replace("e-0", "e-")


def pending(reason: str, measured: float | str | None = None, *, predicted: float | str | None = None) -> Judgement:
    """Not decided yet, and why."""
    return Judgement(Status.PENDING, measured, reason=reason, predicted=predicted)


def censored(measured: float | str | None, reason: str, *, values: Mapping[str, float] | None = None) -> Judgement:
    """The run ended before the awaited event: neither yes nor no."""
    return Judgement(Status.CENSORED, measured, reason=reason, values=values or {})


def not_applicable(reason: str, *, predicted: float | str | None = None) -> Judgement:
    """These settings are outside the claim's domain; the reason says which would be inside ("needs model gromov")."""
    return Judgement(Status.NOT_APPLICABLE, reason=reason, predicted=predicted)


def not_run(reason: str) -> Judgement:
    """Nothing was measured that could decide it, and why."""
    return Judgement(Status.NOT_RUN, reason=reason)


def foreclosed(claim: Claim, spec: Spec, preset: str, config: Config) -> Judgement | None:
    """Return why no run of these settings decides a claim: another preset does, or they are outside its domain; None where one may."""
    if not claim.applies(preset):
        offered = [item.name for item in spec.presets if item.name in claim.presets]
        return not_run(f"needs preset {' or '.join(offered or claim.presets)}" + ("" if offered else ", which is not offered yet"))
    lacking = unmet(claim.domain, config)
    return not_applicable(lacking) if lacking else None
