"""The claims of the randomisation test: what each says, its tolerance, and how the measurements decide it.

Zhang et al. 2017, arXiv:1611.03530, Table 1, Fig. 1, Theorem 1; Greydanus, Kobak 2024, arXiv:2011.14439.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Claim, Condition, Preset, one_of, within
from engine.data.own.entry import FEWEST_TESTS
from engine.data.registry import imported, test_count
from engine.judging import Judgement, Judges, censored, decided, not_applicable, pending
from engine.phenomena.random_labels.conditions import CNN_SHUFFLED, CNN_TRUE, FIGURE_1, RANDOM, TRUE
from engine.phenomena.random_labels.config import DATA, RandomLabelsConfig
from engine.phenomena.random_labels.presets import PRESETS

if TYPE_CHECKING:
    from engine.phenomena.random_labels.experiment import RandomLabels

TEST_ERROR = 0.15  # highest test error on true labels
MEMORISED = 0.99  # training accuracy at which labels count as memorised
SLOWDOWN = 6.0  # highest ratio of epochs, random over true labels
RESIDUAL, CONSTRUCTED = 1e-6, 500  # of Theorem 1's network, and the most labels it is built for
PAIRED_STEPS, PAIRED_GAP = 50, 1e-4  # of the network whose first layer is permuted like the pixels
CNN_DROP = 0.2  # least accuracy that a convolutional network loses when pixels are shuffled
MEASURED = 40  # features of the narrowest built-in inputs, mnist1d
AS_DIGITS = 4500  # images of MNIST up to which it is digits5k, which is drawn from it
RARE, FEWEST_SEEDS = 1e-3, 5  # how rare hits or means may be by luck; from how many seeds a mean is judged


def _flow(config: RandomLabelsConfig) -> float:
    """How far training goes in units of gradient flow: steps times the rate that momentum makes of the learning rate."""
    return config.epochs * (config.n // config.batch) * config.lr / (1 - config.momentum)


def _weights_a_label(config: RandomLabelsConfig) -> float:
    """Weights between hidden layers and to the first one's inputs at most 40 wide, over n: no more than there are."""
    return (MEASURED + (config.depth - 1) * config.width) * config.width / config.n


def _apart(config: RandomLabelsConfig) -> bool:
    """Whether neighbouring levels of corruption, with 0 and 1, are at least .2 apart."""
    levels = sorted({0.0, *config.levels, config.corruption})
    return all(high - low > 0.199 for low, high in pairwise(levels))


def _apart_in_space(config: RandomLabelsConfig) -> bool:
    """Whether imported inputs have as many features as the built-in ones have at least, and none is there twice."""
    entry = imported(config.dataset)
    if entry is None:
        return config.dataset in DATA or (config.dataset == "mnist" and config.n <= AS_DIGITS)
    return entry.features >= MEASURED and not entry.repeated


FREE = {"corruption", "levels", "noise", "inputs", "corrupted_pixels", "dataset_sha256"}
DEFAULTS = {name: field.default for name, field in RandomLabelsConfig.model_fields.items() if name not in FREE}


def _fixed(preset: Preset) -> dict[str, Any]:
    """The knobs of a preset that decide how its networks train."""
    return DEFAULTS | {name: value for name, value in preset.overrides.items() if name not in FREE}


def as_preset(config: RandomLabelsConfig, chosen: Sequence[Preset]) -> bool:
    """Whether a config trains as one of some presets does, whatever its labels, levels and conditions."""
    mine = config.model_dump(exclude=FREE)
    return any(mine == _fixed(preset) for preset in chosen)


PUBLISHED = tuple(preset for preset in PRESETS if RandomLabelsConfig.model_construct(**_fixed(preset)).counted)
INCEPTIONS = tuple(preset for preset in PUBLISHED if preset.overrides.get("model") == "inception")


PAPER_INCEPTION = tuple(preset for preset in INCEPTIONS if preset.needs)


def names_of(presets: Sequence[Preset]) -> tuple[str, ...]:
    """What presets are called."""
    return tuple(preset.name for preset in presets)


def _or_published(condition: Condition) -> Condition:
    """The condition on perceptrons that train at a constant rate; the networks of published presets meet it as they are."""
    return Condition(condition.words, lambda config: as_preset(config, PUBLISHED) or condition.test(config))


PLAIN = Condition(
    "model mlp or both, scaling global, schedule constant and n at most 5,000, or all other knobs as in a preset",
    lambda config: (
        as_preset(config, PUBLISHED)
        or (config.model in ("mlp", "both") and config.scaling == "global" and not config.crop and not config.counted)
    ),
)
PERCEPTRONS = (
    Condition("lr * steps/(1 - momentum) at least 200", lambda config: _flow(config) >= 200),
    Condition("lr/(1 - momentum) at most .6", lambda config: config.lr / (1 - config.momentum) <= 0.6 + 1e-9),
    Condition("width (40 + (depth - 1) width) at least 20 n", lambda config: _weights_a_label(config) >= 20),
    within("epochs", 45), within("depth", hi=3), within("wd", hi=1e-4),
    Condition(f"built-in data, mnist with n at most {AS_DIGITS:,}, or your own inputs of {MEASURED} features or more that never repeat",
              _apart_in_space),
)  # fmt: skip
FITS = (PLAIN, *map(_or_published, PERCEPTRONS))
RANDOM_LABELS = (one_of("corruption", 1.0), one_of("noise", "uniform"))
DIGITS = one_of("dataset", "digits5k", "digits196")
IMAGES = one_of("inputs", "true", "shuffled")
LEARNABLE = Condition(
    "dataset digits5k or digits196, or mnist1d with n at least 1000",
    lambda config: DIGITS.test(config) or (config.dataset == "mnist1d" and config.n >= 1000),
)  # fewer signals are fitted no sooner with their true labels
TESTED = Condition(f"{FEWEST_TESTS} test images or more", lambda config: test_count(config.dataset, config.n) >= FEWEST_TESTS)


def _ordered(chosen: Sequence[Preset]) -> tuple[Condition, ...]:
    names = " or ".join(preset.name for preset in chosen)
    every = Condition(f"knobs as in preset {names}, but for levels", lambda config: as_preset(config, chosen))
    return every, one_of("corrupted_pixels", True), one_of("inputs", "true")


ZHANG, GREYDANUS = "Zhang et al. 2017, arXiv:1611.03530", "Greydanus, Kobak 2024, arXiv:2011.14439"
TABLE_1, FIG_1 = f"{ZHANG}, Table 1", f"{ZHANG}, Fig. 1"
CLAIMS = (
    Claim("RL1", "Random labels are memorised: final training accuracy", TABLE_1, "1", ">= .99", (), (*FITS, *RANDOM_LABELS), 0.01),
    Claim("RL2", "Nothing transfers: test accuracy is chance, against 9,999 random renamings of the classes", TABLE_1, "1/K",
          "p-value above 1 in 1,000", (), RANDOM_LABELS, RARE),
    Claim("RL3", "Trained on random labels: mean test error on clean ones, over 5+ seeds, is chance", TABLE_1, "1-1/K",
          "Student's t, 99.9 %", ("standard",), (*RANDOM_LABELS, TESTED), RARE),
    Claim("RL4", "Same network and settings generalise on true labels: test error", TABLE_1, "far below chance", "<= .15", ("quick",),
          (*FITS, DIGITS, IMAGES, within("n", 1000)), 0.01),
    Claim("RL5", "Slower by a small factor: steps to 99 %, random over true labels", FIG_1, "> 1", "<= 6", (),
          (*FITS, *RANDOM_LABELS, IMAGES, LEARNABLE), 0.01),
    Claim("RL6", "Test error climbs with corruption q to chance", FIG_1, "increasing", "at every q; at q = 1 as RL2", ("quick",),
          (*FITS, *RANDOM_LABELS, DIGITS, IMAGES, within("n", 1000), Condition("levels .2 apart from each other, 0 and 1", _apart)), 0.01),
    Claim("RL7", "2n+d weights fit n random labels: their number; largest residual", f"{ZHANG}, Theorem 1", "2n+d; 0",
          "exact; <= 1e-6, n <= 500", chance=1e-6),
    Claim("RL8", "An MLP cannot see a pixel shuffle: gap of the first 50 losses", FIG_1, "0", "1e-4", ("quick",),
          (one_of("model", "mlp", "both"), PERCEPTRONS[1]), 1e-3),
    Claim("RL9", "A CNN sees a pixel shuffle: test accuracy, true minus shuffled", GREYDANUS, "> 0", ">= .2", ("standard",),
          (one_of("model", "both"), one_of("dataset", "mnist1d"), within("n", 4000), *PERCEPTRONS[:2], within("epochs", 45),
           within("wd", hi=1e-4)), 0.01),
    Claim("RL10", "Order of the five conditions: steps to loss .1", FIG_1, "Fig. 1", "exact", names_of(PAPER_INCEPTION),
          (*_ordered(PAPER_INCEPTION), *RANDOM_LABELS), 0.01),
    Claim("RL11", "Local kernels fit images before noise, and noise before random labels: steps to loss .1", FIG_1,
          "true, shuffled < Gaussian, random pixels < random labels", "exact", names_of(INCEPTIONS),
          (*_ordered(INCEPTIONS), *RANDOM_LABELS), 0.01),
)  # fmt: skip

TRAINING = pending("its networks are still training")


def _memorised(run: RandomLabels) -> Judgement:
    if not run.over(RANDOM):
        return TRAINING
    worst = float(run.readings.latest("train-accuracy", RANDOM).min())
    return decided(worst >= MEMORISED, worst, "" if worst >= MEMORISED else f"not by step {run.last}")


def _transfers_nothing(run: RandomLabels) -> Judgement:
    _, ranks = run.history.column("rank-of-hits")
    if not len(ranks):
        return TRAINING
    rank, chance = float(ranks[0]), 1.0 / run.split.classes
    renamings = factorial(run.split.classes) ** len(run.seeds)
    if renamings <= 2 / RARE:
        return not_applicable(f"needs more classes or seeds: {renamings:,} renamings cannot make anything as rare as 1 in 1,000")
    accuracy = 1.0 - float(run.error(RANDOM).mean())
    return decided(rank > RARE, accuracy, f"p-value {rank:.2g}: renamings as far from {chance:g}", values={"chance": chance, "rank": rank})


def _at_chance(run: RandomLabels) -> Judgement:
    if len(run.seeds) < FEWEST_SEEDS:
        return not_applicable(f"needs preset standard or {FEWEST_SEEDS} seeds")
    if not run.over(RANDOM):
        return TRAINING
    from scipy.stats import t  # not before a run is judged: declarations load no scipy

    errors = run.error(RANDOM)
    margin = float(t.isf(RARE / 2, len(errors) - 1) * errors.std(ddof=1) / np.sqrt(len(errors)))
    chance = 1.0 - 1.0 / run.split.classes
    values = {"chance": chance, "allowed": margin}
    return decided(bool(abs(errors.mean() - chance) <= margin), float(errors.mean()), f"{chance:g} -+ {margin:.4f}", values=values)


def _generalises(run: RandomLabels) -> Judgement:
    if not run.over(TRUE):
        return TRAINING
    error = float(run.error(TRUE).mean())
    return decided(error <= TEST_ERROR, error)


def _slower(run: RandomLabels) -> Judgement:
    random, true = run.fitted_at(RANDOM), run.fitted_at(TRUE)
    ratio = float(np.mean(run.slowdown(RANDOM)))
    if np.isfinite(ratio):
        return decided(1.0 < ratio <= SLOWDOWN, ratio, values={"steps_random": float(random.mean()), "steps_true": float(true.mean())})
    return censored(None, f"not by step {run.last}") if run.over(RANDOM) and run.over(TRUE) else TRAINING


def _climbs(run: RandomLabels) -> Judgement:
    _, ranks = run.history.column("rank-of-hits")
    if not len(ranks) or not all(run.over(condition.name) for condition in run.levels):
        return TRAINING
    errors, rank = np.array([run.error(condition.name).mean() for condition in run.levels]), float(ranks[0])
    smallest_rise = float(np.diff(errors).min())
    note = "q = " + ", ".join(f"{condition.corruption:g}" for condition in run.levels)
    return decided(
        smallest_rise > 0 and rank > RARE, " ".join(f"{error:.3f}" for error in errors), f"{note}; at q = 1 p-value {rank:.2g}",
        values={"smallest_rise": smallest_rise, "rank": rank, "first": float(errors[0]), "last": float(errors[-1])},
    )  # fmt: skip


def _constructed(run: RandomLabels) -> Judgement:
    weights, n, d = run.constructed.weight_count, run.constructed.biases.size, run.constructed.direction.size
    holds = weights == 2 * n + d and run.residual <= RESIDUAL
    values = {"weights": float(weights), "residual": run.residual}
    if run.residual > RESIDUAL and run.config.dataset not in DATA:
        return censored(run.residual, "two inputs lie too close together for double precision", values=values)
    return decided(holds, f"{weights}; {run.residual:.1e}", f"n = {n}, d = {d}", values=values)


def _ignores_order(run: RandomLabels) -> Judgement:
    _, gaps = run.history.column("paired-gap")
    if not len(gaps):
        return TRAINING
    return decided(bool(gaps[0] <= PAIRED_GAP), float(gaps[0]), "first-layer columns permuted alike, double precision")


def _sees_order(run: RandomLabels) -> Judgement:
    if not (run.over(CNN_TRUE) and run.over(CNN_SHUFFLED)):
        return TRAINING
    drop = float(np.mean(run.error(CNN_SHUFFLED) - run.error(CNN_TRUE)))
    return decided(drop >= CNN_DROP, drop)


def _order(run: RandomLabels, holds: Callable[[NDArray[np.float64]], bool]) -> Judgement:
    """Judge the mean steps (5,) of Fig. 1's conditions."""
    steps = np.array([run.low_at(name).mean() for name in FIGURE_1])
    if not all(run.over(name) for name in FIGURE_1):
        return TRAINING
    if not np.isfinite(steps).all():
        late = ", ".join(run.readings.settings[name].label for name, at in zip(FIGURE_1, steps, strict=True) if not np.isfinite(at))
        return censored(None, f"{late}: not by step {run.last}")
    values = {name: float(at) for name, at in zip(FIGURE_1, steps, strict=True)}
    shown = " ".join(f"{at:,.0f}" for at in steps)
    return decided(holds(steps), shown, "steps of " + ", ".join(FIGURE_1), values=values)


def _order_of_conditions(run: RandomLabels) -> Judgement:
    return _order(run, lambda steps: bool((np.diff(steps) > 0).all()))


def _noise_in_between(run: RandomLabels) -> Judgement:
    return _order(run, lambda steps: bool(steps[:2].max() < steps[2:4].min() and steps[2:4].max() < steps[4]))


JUDGES: Judges[RandomLabels] = {
    "RL1": _memorised, "RL2": _transfers_nothing, "RL3": _at_chance, "RL4": _generalises, "RL5": _slower, "RL6": _climbs,
    "RL7": _constructed, "RL8": _ignores_order, "RL9": _sees_order, "RL10": _order_of_conditions,
    "RL11": _noise_in_between,
}  # fmt: skip
