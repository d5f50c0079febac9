"""The claims of early stopping: at most 1.686 times ridge's risk, how sharp that is, best against best, and the formula itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Claim, Condition, within
from engine.headline import written
from engine.judging import Judgement, Judges, decided, pending
from engine.phenomena.double_descent.config import STOPPING
from engine.theory.linear_models.early_stopping import BEST_BOUND, RATIO_BOUND

if TYPE_CHECKING:
    from engine.phenomena.double_descent.experiment import DoubleDescent
    from engine.phenomena.double_descent.stopping.study import EarlyStopping

ROUNDING = 1e-6  # EST1: the bound is given to so many digits
SHARP = 1e-5  # EST2
EXACT = 1e-9  # EST3: rounding of two sums over singular values
ERRORS, FEWEST, MOST_SIZES = 4.0, 500, 3  # EST4: standard errors; draws; dimensions, of two spectra and two methods

SOURCE, PRESETS = "arXiv:1810.10082", ("early-stopping", "early-stopping-standard")
BOTH = Condition("sigma and r2 above 0", lambda c: c.sigma > 0 and c.r2 > 0)
CLAIMS = (
    Claim("EST1", "Early stopping over ridge with lam = 1/t: largest ratio of their risks at any t", SOURCE,
          "<= 1.686", "none", PRESETS, (STOPPING,)),
    Claim("EST2", "That bound is reached without signal and with equal singular values: largest ratio", f"{SOURCE}; constant ours",
          "1.685909", "1e-5", domain=(STOPPING,)),
    Claim("EST3", "Best against best: least risk of early stopping over that of ridge", SOURCE,
          "1 to 1.215", "none", PRESETS, (STOPPING, BOTH)),
    Claim("EST4", "The formula is the risk of drawn weights and noise", SOURCE,
          "mean over the draws: formula", "4 SE", ("early-stopping-standard",),
          (STOPPING, BOTH, within("weight_draws", FEWEST), Condition("up to 3 sizes", lambda c: len(set(c.sizes)) <= MOST_SIZES)), 1e-3),
)  # fmt: skip


def _drawn(judge: Callable[[EarlyStopping], Judgement]) -> Callable[[DoubleDescent], Judgement]:
    """A claim that waits for every draw."""

    def judged(run: DoubleDescent) -> Judgement:
        study = run.stopping
        assert study is not None  # the claims' domain
        there = study.draws.complete and study.plain.complete
        return judge(study) if there else pending(f"after {study.draws.count} draws")

    return judged


def _never_above(study: EarlyStopping) -> Judgement:
    ratios = [float(study.largest(one).max()) for one in study.problems]
    worst = int(np.argmax(ratios))
    values = {one.name: ratio for one, ratio in zip(study.problems, ratios, strict=True)}
    place = study.problems[worst]
    time = place.times[int(np.argmax(study.paths(place).ratio.max(axis=0)))]
    note = f"spectrum {place.label}, d={place.d}, t={written(float(f'{time:.1g}'))}; {len(ratios)} problems, {study.draws.done} draws"
    return decided(ratios[worst] <= RATIO_BOUND + ROUNDING, ratios[worst], note, predicted=f"<= {RATIO_BOUND:.3f}", values=values)


def _sharp(study: EarlyStopping) -> Judgement:
    return decided(
        abs(study.sharp - RATIO_BOUND) <= SHARP, f"{study.sharp:.6f}", predicted=f"{RATIO_BOUND:.6f}", values={"ratio": study.sharp}
    )


def _best(study: EarlyStopping) -> Judgement:
    ratios = np.concatenate([study.best_ratio(one) for one in study.problems])
    low, high = float(ratios.min()), float(ratios.max())
    holds = low >= 1 - EXACT and high <= BEST_BOUND * (1 + EXACT)
    note = f"{len(study.problems)} problems, {study.draws.done} draws"
    return decided(holds, f"{low:.4f} to {high:.4f}", note, predicted=f"1 to {BEST_BOUND:.3f}", values={"least": low, "largest": high})


def _formula(study: EarlyStopping) -> Judgement:
    risks, off = study.plain["risk"][0], dict[str, float]()
    for place, problem in enumerate(study.problems):
        for method, (mean, error), exact in zip(("flow", "ridge"), risks[place], study.exact_at(place), strict=True):
            off[f"{method}, {problem.label}, d={problem.d}, t={study.compared_at(place):.3g}"] = float(abs(mean - exact) / error)
    name = max(off, key=lambda key: off[key])
    note = f"{name}, the worst of {len(off)}; {study.config.weight_draws:,} draws each"
    return decided(off[name] <= ERRORS, f"{off[name]:.2g} SE", note, predicted="0 SE", values={"standard errors": off[name]})


JUDGES: Judges[DoubleDescent] = {"EST1": _drawn(_never_above), "EST2": _drawn(_sharp), "EST3": _drawn(_best), "EST4": _drawn(_formula)}
