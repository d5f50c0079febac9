"""The claims of the randomisation test: what each says, its tolerance, and how the measurements decide it.

Zhang et al. 2017, arXiv:1611.03530, Table 1, Fig. 1, Theorem 1; Greydanus, Kobak 2024, arXiv:2011.14439.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Claim
from engine.judging import Judgement, Judges, censored, decided, not_applicable, pending
from engine.phenomena.random_labels.conditions import CNN_SHUFFLED, CNN_TRUE, RANDOM, TRUE

if TYPE_CHECKING:
    from engine.phenomena.random_labels.experiment import RandomLabels

TEST_ERROR = 0.15  # highest test error on true labels
MEMORISED = 0.99  # training accuracy at which labels count as memorised
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

TRAINING = pending("its networks are still training")


def _memorised(run: RandomLabels) -> Judgement:
    if not run.over(RANDOM):
        return TRAINING
    worst = float(run.readings.latest("train-accuracy", RANDOM).min())
    return decided(worst >= MEMORISED, worst, "" if worst >= MEMORISED else f"not by step {run.last}")


def _transfers_nothing(run: RandomLabels) -> Judgement:
    if not run.over(RANDOM):
        return TRAINING
    chance = 1.0 / run.split.classes
    sigma = np.sqrt(chance * (1.0 - chance) / (len(run.split.y_test) * len(run.seeds)))
    accuracy = float(run.readings.latest("fresh-accuracy", RANDOM).mean())
    note, values = f"1/K = {chance:g} -+ {SIGMAS * sigma:.4f}", {"chance": chance, "allowed": float(SIGMAS * sigma)}
    return decided(bool(abs(accuracy - chance) <= SIGMAS * sigma), accuracy, note, values=values)


def _at_chance(run: RandomLabels) -> Judgement:
    if len(run.seeds) < FEWEST_SEEDS:
        return not_applicable(f"needs preset standard or {FEWEST_SEEDS} seeds")
    if not run.over(RANDOM):
        return TRAINING
    errors = run.error(RANDOM)
    margin = MEAN_SIGMAS * errors.std(ddof=1) / np.sqrt(len(errors)) + MEAN_SLACK
    chance = 1.0 - 1.0 / run.split.classes
    values = {"chance": chance, "allowed": float(margin)}
    return decided(bool(abs(errors.mean() - chance) <= margin), float(errors.mean()), f"{chance:g} -+ {margin:.4f}", values=values)


def _generalises(run: RandomLabels) -> Judgement:
    if not run.over(TRUE):
        return TRAINING
    error = float(run.error(TRUE).mean())
    return decided(error <= TEST_ERROR, error)


def _slower(run: RandomLabels) -> Judgement:
    random, true = run.fitted_at(RANDOM), run.fitted_at(TRUE)
    ratio = float(np.mean(random / true))
    if np.isfinite(ratio):
        return decided(1.0 < ratio <= SLOWDOWN, ratio, values={"steps_random": float(random.mean()), "steps_true": float(true.mean())})
    return censored(None, f"not by step {run.last}") if run.over(RANDOM) and run.over(TRUE) else TRAINING


def _climbs(run: RandomLabels) -> Judgement:
    if not all(run.over(condition.name) for condition in run.levels):
        return TRAINING
    errors = np.array([run.error(condition.name).mean() for condition in run.levels])
    smallest_rise, from_chance = float(np.diff(errors).min()), float(abs(errors[-1] - (1.0 - 1.0 / run.split.classes)))
    note = "at q = " + ", ".join(f"{condition.corruption:g}" for condition in run.levels)
    return decided(
        smallest_rise > 0 and from_chance <= CHANCE_MARGIN, " ".join(f"{error:.3f}" for error in errors), note,
        values={"smallest_rise": smallest_rise, "from_chance": from_chance, "first": float(errors[0]), "last": float(errors[-1])},
    )  # fmt: skip


def _constructed(run: RandomLabels) -> Judgement:
    weights, n, d = run.constructed.weight_count, run.constructed.biases.size, run.constructed.direction.size
    holds = weights == 2 * n + d and run.residual <= RESIDUAL
    values = {"weights": float(weights), "residual": run.residual}
    return decided(holds, f"{weights}; {run.residual:.1e}", f"n = {n}, d = {d}", values=values)


def _ignores_order(run: RandomLabels) -> Judgement:
    _, gaps = run.history.column("paired-gap")
    if not len(gaps):
        return TRAINING
    return decided(bool(gaps[0] <= PAIRED_GAP), float(gaps[0]), "first-layer columns permuted alike, double precision")


def _sees_order(run: RandomLabels) -> Judgement:
    if run.config.model != "both":
        return not_applicable("needs preset standard or model both")
    if not (run.over(CNN_TRUE) and run.over(CNN_SHUFFLED)):
        return TRAINING
    drop = float(np.mean(run.error(CNN_SHUFFLED) - run.error(CNN_TRUE)))
    return decided(drop >= CNN_DROP, drop)


def _order_of_conditions(_: RandomLabels) -> Judgement:
    return not_applicable("needs preset zhang-inception")


JUDGES: Judges[RandomLabels] = {
    "RL1": _memorised, "RL2": _transfers_nothing, "RL3": _at_chance, "RL4": _generalises, "RL5": _slower, "RL6": _climbs,
    "RL7": _constructed, "RL8": _ignores_order, "RL9": _sees_order, "RL10": _order_of_conditions,
}  # fmt: skip
