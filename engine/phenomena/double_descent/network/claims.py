"""The claims of study network: the climb to the threshold with re-used weights, the second valley, the fall of the training loss.

Belkin et al. 2019, arXiv:1812.11118, Fig. 4.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Claim, Condition, one_of, within
from engine.judging import Judgement, Judges, decided, not_applicable, pending
from engine.phenomena.double_descent.config import NETWORK, DoubleDescentConfig
from engine.phenomena.double_descent.network.landmarks import landmarks
from engine.phenomena.double_descent.network.problem import below, parameters, threshold, widths

if TYPE_CHECKING:
    from engine.phenomena.double_descent.experiment import DoubleDescent
    from engine.phenomena.double_descent.network.study import TrainedNetworks

RISE = 1.1  # NET1: peak over the first valley
NEAR = (0.7, 1.3)  # NET1: parameters over nK at the peak
CLOSE, FAR = 0.9, 10.0  # parameters over nK: one network at least so close below, one so far beyond
SEEDS, MANY = 3, 1000  # runs of fewer images need so many seeds, whose median is judged
RISES = 0.1  # NET3: of the first network's training loss, by which batches may raise that of a wider one

SOURCE, PRESETS = "arXiv:1812.11118, Fig. 4", ("belkin-net-small", "belkin-net")


def _reaches(config: DoubleDescentConfig) -> bool:
    """Whether widths lie on both sides of the threshold, close below it and far beyond."""
    ratios = [parameters(config, width) / threshold(config) for width in widths(config)]
    return ratios[0] < NEAR[0] and any(CLOSE <= ratio < 1 for ratio in ratios) and ratios[-1] >= FAR


def _in_small_steps(config: DoubleDescentConfig) -> bool:
    """Whether re-used networks grow little by little, from few units on."""
    used = [width for width in widths(config) if below(config, width)]
    return bool(used) and used[0] <= 2 and all(wide <= 2 * narrow for narrow, wide in pairwise(used))


def _settings(config: DoubleDescentConfig) -> bool:
    """Whether the settings are those of one of the presets, or longer training."""
    same = config.momentum == 0.95 and config.fresh == "normal"
    small = config.images == "digits196" and config.examples == 400 and config.epochs >= 600 and config.batch == 40 and config.lr == 0.005
    paper = config.images == "mnist" and config.examples == 4000 and config.epochs >= 6000 and config.batch == 128 and config.lr == 0.001
    return same and (small or paper)


REUSED, CLEAN = one_of("reuse", True), within("noise", hi=0.0)
REACHING = Condition("widths close below nK parameters and up to 10 nK", _reaches)
GROWING = Condition("widths from 1 or 2 on, none below nK more than twice the one before", _in_small_steps)
TRAINED = Condition("images, training and first weights of preset belkin-net or belkin-net-small", _settings)
DOMAIN = (NETWORK, REUSED, CLEAN, TRAINED, REACHING, GROWING)
CLAIMS = (
    Claim("NET1", "With weights re-used, test loss climbs from a valley to a peak at the threshold", SOURCE,
          "parameters over nK at the peak; peak over the valley before it", ".7 to 1.3; > 1.1", PRESETS, DOMAIN, 0.01),
    Claim("NET2", "Beyond the threshold the second valley is the lower one", SOURCE,
          "least test loss and error beyond nK below those before", "none", PRESETS, DOMAIN, 0.01),
    Claim("NET3", "Re-used weights let the training loss fall all the way to the threshold", SOURCE,
          "training loss from width to width below nK: falling", "10 % of the first one's", PRESETS, DOMAIN, 0.01),
)  # fmt: skip


def _of_networks(judge: Callable[[TrainedNetworks], Judgement]) -> Callable[[DoubleDescent], Judgement]:
    """A claim that waits for every width."""

    def judged(run: DoubleDescent) -> Judgement:
        study = run.network
        assert study is not None  # the claims' domain
        if len(study.seeds) < SEEDS and study.config.examples < MANY:
            return not_applicable(f"needs {SEEDS} seeds, as preset belkin-net-small has, got {len(study.seeds)}")
        return judge(study) if study.scores.complete else pending(f"after {len(study.widths)} widths")

    return judged


def _peak(study: TrainedNetworks) -> Judgement:
    found = landmarks(np.median(study.curve("test_loss"), axis=1), study.under)
    if found is None:
        return not_applicable("no width is below the threshold")
    ratio = float(study.parameters[found.peak]) / study.threshold
    values = {"parameters over nK": ratio, "peak": found.height, "first valley": found.first_low, "rise": found.rise}
    holds = NEAR[0] <= ratio <= NEAR[1] and found.rise > RISE
    measured = f"{ratio:.2f}; {found.rise:.2f}x ({found.first_low:.3g} to {found.height:.3g})"
    return decided(holds, measured, predicted=f"{NEAR[0]:g} to {NEAR[1]:g}; > {RISE:g}x", values=values)


def _second(study: TrainedNetworks) -> Judgement:
    lows = {}
    for name in ("test_loss", "test_error"):
        median = np.median(study.curve(name), axis=1)
        lows[name.removeprefix("test_")] = (float(median[study.under].min()), float(median[~study.under].min()))
    measured = "; ".join(f"{name} {first:.3g} to {second:.3g}" for name, (first, second) in lows.items())
    values = {f"{name}, {side}": low for name, both in lows.items() for side, low in zip(("first", "second"), both, strict=True)}
    return decided(all(second < first for first, second in lows.values()), measured, predicted="lower", values=values)


def _falls(study: TrainedNetworks) -> Judgement:
    path = np.median(study.curve("train_loss"), axis=1)[study.under]
    rise = float(np.diff(path).max(initial=0.0) / path[0])
    measured = f"{path[0]:.3g} to {path[-1]:.3g}, largest rise {rise:.1%}"
    values = {"first": float(path[0]), "last": float(path[-1]), "largest rise": rise}
    return decided(rise <= RISES and path[-1] < path[0], measured, predicted="falling", values=values)


JUDGES: Judges[DoubleDescent] = {"NET1": _of_networks(_peak), "NET2": _of_networks(_second), "NET3": _of_networks(_falls)}
