"""The claims of study asymptotics: where labels are separable, what the max margin then is, and that more features help again.

Finite samples are off by O(1/n); at n = 200, the least that is judged, by less than .003 in every quantity (over 800 draws, r = 4).
AM1 asks for r of at most 4: beyond, psi* is so small that 200 points blur it to 1.6 of itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Claim, within
from engine.judging import Judgement, Judges, decided, not_applicable, pending
from engine.phenomena.max_margin.asymptotics.figures import ASYMPTOTICS
from engine.theory.linear_models.draw_statistics import mean_and_error

if TYPE_CHECKING:
    from engine.phenomena.max_margin.asymptotics.study import Asymptotics
    from engine.phenomena.max_margin.experiment import MaxMargin
    from engine.theory.inputs import Floats

BELOW, ABOVE, RARE, OFTEN = 0.6, 1.6, 0.1, 0.9
ERRORS, BIAS, SECOND = 4.0, 0.003, 2.0  # standard errors; what a sample of 200 is off; standard errors
ENOUGH = within("n", 200), within("draws", 20)
DOMAIN = (*ASYMPTOTICS, *ENOUGH)

CLAIMS = (
    Claim("AM1", "Noisy labels become separable at psi*: share of draws at .6 psi* and at 1.6 psi*", "arXiv:1804.09753",
          "0, 1", "<= .1, >= .9", ("asymptotics",), (*DOMAIN, within("r", 0, 4)), 1e-3),
    Claim("AM2", "Margin, error and support vectors of the max margin have their limits: mean of draws - limit",
          "arXiv:1911.01544; support: our own", "0", "4 standard errors + 0.003", ("asymptotics",), (*DOMAIN, within("r", 0, 8)), 1e-2),
    Claim("AM3", "Beyond the threshold more features help again: error at psi = .4 - error at psi = 1", "our own; arXiv:1911.05822",
          "> 0; limit .031", "> 2 standard errors", ("asymptotics",), DOMAIN, 1e-2),
    Claim("AM4", "Below psi* the error of maximum likelihood has its limit: mean of draws - limit", "arXiv:1803.06964", "0",
          "4 standard errors + 0.003", ("asymptotics",), (*DOMAIN, within("r", 0, 8)), 1e-3),
)  # fmt: skip


def _drawn(judge: Callable[[Asymptotics], Judgement]) -> Callable[[MaxMargin], Judgement]:
    """A claim that waits for every draw."""

    def judged(run: MaxMargin) -> Judgement:
        study = run.asymptotics
        assert study is not None  # the claims' domain
        return judge(study) if study.draws.complete and study.second else pending("not every draw is there yet")

    return judged


def _threshold(study: Asymptotics) -> Judgement:
    star = study.labels.threshold
    low, high = study.share_separable(BELOW * star), study.share_separable(ABOVE * star)
    values = {"share below": low, "share above": high}
    return decided(low <= RARE and high >= OFTEN, f"{low:.3g}, {high:.3g}", f"psi* = {star:.3g}", predicted="0, 1", values=values)


def _margin(study: Asymptotics) -> Judgement:
    star, separates = study.labels.threshold, study.separates()
    places = [place for place in range(len(study.d)) if study.psi[place] >= ABOVE * star and separates[place] == 1]
    if not places:
        return not_applicable(f"needs a psi of at least {ABOVE * star:.3g}, 1.6 of psi*")
    errors, off = study.errors(), {}
    for place in places:
        limit = study.limit_at(place)
        assert limit is not None
        for name, values, wanted in (
            ("margin", study.draws["margin"][:, place], limit.margin), ("error", errors[:, place], limit.error),
            ("support vectors", study.draws["support"][:, place], limit.support),
        ):  # fmt: skip
            off[f"{name} at psi = {study.psi[place]:.3g}"] = _off(values, wanted)
    return _worst(off)


def _likelihood(study: Asymptotics) -> Judgement:
    star, separates = study.labels.threshold, study.separates()
    places = [place for place in range(len(study.d)) if study.psi[place] <= BELOW * star and separates[place] == 0]
    if not places:
        return not_applicable(f"needs a psi of at most {BELOW * star:.3g}, .6 of psi*")
    errors, off = study.errors(), {}
    for place in places:
        limit = study.limit_at(place)
        assert limit is not None
        off[f"error at psi = {study.psi[place]:.3g}"] = _off(errors[:, place], limit.error)
    return _worst(off)


def _off(values: Floats, wanted: float) -> tuple[float, float, float]:
    """How far a mean is from its limit, how many standard errors lie beyond what a finite sample is off, and the standard error."""
    mean, error = mean_and_error(values)
    away = float(mean) - wanted
    beyond = max(0.0, abs(away) - BIAS)
    return away, beyond / float(error) if error > 0 else (np.inf if beyond else 0.0), float(error)


def _worst(off: dict[str, tuple[float, float, float]]) -> Judgement:
    name = max(off, key=lambda key: (off[key][1], abs(off[key][0])))
    away, beyond, error = off[name]
    note = f"{name}, worst of {len(off)}" if len(off) > 1 else name
    values = {"standard errors": beyond, "standard error": error}
    return decided(beyond <= ERRORS, away, f"standard error {error:.2g}; {note}", predicted=0.0, values=values)


def _second(study: Asymptotics) -> Judgement:
    mean, error = mean_and_error(study.second_gap())
    theory = study.second_gap_theory()
    note = f"standard error {float(error):.2g}; {theory:.3g} in the limit, whose peak a finite n blurs"
    values = {"difference": float(mean), "standard error": float(error)}
    return decided(bool(mean > SECOND * error), float(mean), note, predicted="> 0", values=values)


JUDGES: Judges[MaxMargin] = {"AM1": _drawn(_threshold), "AM2": _drawn(_margin), "AM3": _drawn(_second), "AM4": _drawn(_likelihood)}
