"""The claims of the randomisation test: what each says, its tolerance, and how the measurements decide it.

Zhang et al. 2017, arXiv:1611.03530, Table 1, Fig. 1, Theorem 1; Greydanus, Kobak 2024, arXiv:2011.14439.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.contract import Claim, Verdict
from engine.phenomena.random_labels.curves import Curves
from engine.transition import old_verdict

MEMORISED = 0.99  # training accuracy at which an arm counts as memorised
TEST_ERROR = 0.15  # highest test error on true labels
SLOWDOWN = 6.0  # highest ratio of epochs, random over true labels
CHANCE_MARGIN = 0.03  # of the error at full corruption
RESIDUAL, CONSTRUCTED = 1e-6, 500  # of Theorem 1's network, and the most labels it is built for
PAIRED_STEPS, PAIRED_GAP = 50, 1e-4  # of the network whose first layer is permuted like the pixels
CNN_DROP = 0.2  # least accuracy that a convolutional network loses when pixels are shuffled
SIGMAS, MEAN_SIGMAS, MEAN_SLACK, FEWEST_SEEDS = 3.0, 3.0, 0.005, 5

ZHANG, GREYDANUS = "Zhang et al. 2017, arXiv:1611.03530", "Greydanus, Kobak 2024, arXiv:2011.14439"
CLAIMS = (
    Claim("RL1", "Random labels are memorised: final training accuracy", f"{ZHANG}, Table 1", "1", ">= .99"),
    Claim("RL2", "Nothing transfers: accuracy on fresh random test labels", f"{ZHANG}, Table 1", "1/K", "3 binomial sigma"),
    Claim("RL3", "Clean labels: mean test error of 5+ seeds is chance", f"{ZHANG}, Table 1", "1-1/K", "3 SE + .005", ("standard",)),
    Claim("RL4", "Same network and settings generalise on true labels: test error", f"{ZHANG}, Table 1", "low", "<= .15", ("quick",)),
    Claim("RL5", "Slower by a small factor: epochs to 99 %, random/true", f"{ZHANG}, Fig. 1", "> 1", "<= 6"),
    Claim("RL6", "Error climbs with corruption to chance", f"{ZHANG}, Fig. 1", "increasing", "Spearman 1; last within .03 of chance",
          ("quick",)),
    Claim("RL7", "2n+d weights fit n random labels", f"{ZHANG}, Theorem 1", "2n+d; 0", "exact; <= 1e-6, n <= 500"),
    Claim("RL8", "An MLP cannot see a pixel shuffle: gap of the first 50 losses", f"{ZHANG}, Fig. 1", "0", "1e-4", ("quick",)),
    Claim("RL9", "A CNN can: accuracy, true minus shuffled", GREYDANUS, "> 0", ">= .2", ("standard",)),
    Claim("RL10", "Order of the five conditions: steps to loss .1", f"{ZHANG}, Fig. 1", "Fig. 1", "exact", ("zhang-inception",)),
)  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """What was measured so far.

    over: whether all members of an arm have finished; levels: corruption of each arm with corrupted labels, rising from
    0; last: the step that the run ends with; weights, fitted, pixels: of Theorem 1's network, its labels and inputs.
    """

    curves: Curves
    over: Callable[[str], bool]
    levels: Mapping[str, float]
    classes: int
    n_test: int
    last: int
    weights: int
    fitted: int
    pixels: int
    residual: float

    def fitted_at(self, arm: str) -> NDArray[np.float64]:
        """Return the first measured step at which each seed (seeds,) fits 99 % of an arm; nan where it never did."""
        return self.curves.first_step("train-accuracy", arm, MEMORISED)

    def error(self, arm: str) -> NDArray[np.float64]:
        """Return the latest clean test error (seeds,)."""
        return self.curves.latest("test-error", arm)


Judgement = tuple[float | str | None, bool | None, str]  # measured, whether it holds, why not decided
UNDECIDED: Judgement = (None, None, "")


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Return the verdict on a claim; undecided while an arm that it speaks of is still training."""
    return old_verdict(claim, claim.prediction, *JUDGES[claim.id](evidence))


def _memorised(e: Evidence) -> Judgement:
    if not e.over("random"):
        return UNDECIDED
    worst = float(e.curves.latest("train-accuracy", "random").min())
    return worst, worst >= MEMORISED, "" if worst >= MEMORISED else f"not by step {e.last}"


def _transfers_nothing(e: Evidence) -> Judgement:
    if not e.over("random"):
        return UNDECIDED
    chance = 1.0 / e.classes
    sigma = np.sqrt(chance * (1.0 - chance) / (e.n_test * e.curves.seeds))
    accuracy = float(e.curves.latest("fresh-accuracy", "random").mean())
    return accuracy, bool(abs(accuracy - chance) <= SIGMAS * sigma), f"1/K = {chance:g} -+ {SIGMAS * sigma:.4f}"


def _at_chance(e: Evidence) -> Judgement:
    if e.curves.seeds < FEWEST_SEEDS:
        return None, None, f"needs preset standard or {FEWEST_SEEDS} seeds"
    if not e.over("random"):
        return UNDECIDED
    errors = e.error("random")
    margin = MEAN_SIGMAS * errors.std(ddof=1) / np.sqrt(len(errors)) + MEAN_SLACK
    chance = 1.0 - 1.0 / e.classes
    return float(errors.mean()), bool(abs(errors.mean() - chance) <= margin), f"{chance:g} -+ {margin:.4f}"


def _generalises(e: Evidence) -> Judgement:
    if not e.over("true"):
        return UNDECIDED
    error = float(e.error("true").mean())
    return error, error <= TEST_ERROR, ""


def _slower(e: Evidence) -> Judgement:
    ratio = float(np.mean(e.fitted_at("random") / e.fitted_at("true")))
    if np.isfinite(ratio):
        return ratio, 1.0 < ratio <= SLOWDOWN, ""
    censored = e.over("random") and e.over("true")
    return None, None, f"not by step {e.last}" if censored else ""


def _climbs(e: Evidence) -> Judgement:
    if not all(e.over(arm) for arm in e.levels):
        return UNDECIDED
    errors = [float(e.error(arm).mean()) for arm in e.levels]
    rising = all(before < after for before, after in pairwise(errors))
    near = abs(errors[-1] - (1.0 - 1.0 / e.classes)) <= CHANCE_MARGIN
    return " ".join(f"{error:.3f}" for error in errors), rising and near, "at q = " + ", ".join(f"{q:g}" for q in e.levels.values())


def _constructed(e: Evidence) -> Judgement:
    counted = e.weights == 2 * e.fitted + e.pixels
    note = f"n = {e.fitted}, d = {e.pixels}"
    return f"{e.weights}; {e.residual:.1e}", counted and e.residual <= RESIDUAL, note


def _ignores_order(e: Evidence) -> Judgement:
    _, gaps = e.curves.history.column("twin-gap")
    if not len(gaps):
        return UNDECIDED
    return float(gaps[0]), bool(gaps[0] <= PAIRED_GAP), "first-layer columns permuted alike, double precision"


def _sees_order(e: Evidence) -> Judgement:
    if not e.curves.members("cnn-true"):
        return None, None, "needs preset standard or model both"
    if not (e.over("cnn-true") and e.over("cnn-shuffled")):
        return UNDECIDED
    drop = float(np.mean(e.error("cnn-shuffled") - e.error("cnn-true")))
    return drop, drop >= CNN_DROP, ""


def _order_of_conditions(e: Evidence) -> Judgement:
    return None, None, "needs preset zhang-inception"


JUDGES: dict[str, Callable[[Evidence], Judgement]] = {
    "RL1": _memorised, "RL2": _transfers_nothing, "RL3": _at_chance, "RL4": _generalises, "RL5": _slower, "RL6": _climbs,
    "RL7": _constructed, "RL8": _ignores_order, "RL9": _sees_order, "RL10": _order_of_conditions,
}  # fmt: skip
