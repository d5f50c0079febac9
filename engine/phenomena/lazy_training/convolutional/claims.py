"""The claims of study convolutional: large output scales learn no features, and do as well as the linearised model, which is worse.

Chizat, Oyallon, Bach 2019, arXiv:1812.07956, Fig. 3. With several seeds, the worst of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Claim, Condition
from engine.judging import Judgement, Judges, censored, decided, pending
from engine.phenomena.lazy_training.config import CONVOLUTIONAL, PRESETS, LazyTrainingConfig
from engine.phenomena.lazy_training.convolutional.settings import LABELS, LINEARISED, architectures

if TYPE_CHECKING:
    from engine.phenomena.lazy_training.convolutional.study import Convolutional
    from engine.phenomena.lazy_training.experiment import LazyTraining

BETTER = 0.1  # least test accuracy by which the best scale is ahead of the largest
SAME = 0.02  # largest difference in test accuracy between the largest scale and the linearised model
SLOPE = 0.05  # on either side of -1
LAZY = 100.0  # output scale from which movement is compared
FROZEN, OPENED = 0.999, 0.9  # least share of ReLUs kept at the largest scale, largest at the smallest
ZERO_LOSS = 0.9  # a loss over that of zero above which nothing was learnt
PAPER = "arXiv:1812.07956, Fig. 3"
BOTH, SMALL = ("chizat-cnn", "chizat-cnn-small"), ("chizat-cnn-small",)


def _is_one(config: LazyTrainingConfig) -> bool:
    """Without checking the presets, which the data that are here may refuse."""
    wanted = [LazyTrainingConfig.model_construct(**preset.overrides).values() for preset in PRESETS if preset.name in BOTH]
    return config.values() in wanted


DOMAIN = (CONVOLUTIONAL, Condition("preset chizat-cnn or chizat-cnn-small as it is", _is_one))
CLAIMS = (
    Claim("LC1", "Rich beats lazy on images: test accuracy at the best scale less that at the largest", PAPER, "> 0", ">= .1", BOTH,
          DOMAIN, 1e-2),
    Claim("LC2", "The laziest network does as its linearisation: difference in test accuracy", PAPER, "0", ".02", BOTH, DOMAIN, 1e-2),
    Claim("LC3", "Weights of CNNs move like 1/alpha: log-log slope from alpha 100 on", "arXiv:1812.07956", "-1", ".05", BOTH, DOMAIN,
          1e-2),
    Claim("LC4", "Features freeze: ReLUs kept", PAPER, "1 at the largest alpha, fewer at the smallest", ">= .999; <= .9", BOTH, DOMAIN,
          1e-2),
)  # fmt: skip


def _at_the_end(judge: Callable[[Convolutional, str], Judgement]) -> Callable[[LazyTraining], Judgement]:
    """Judge every architecture at the end of training, and return the first that fails, else the last."""

    def judged(run: LazyTraining) -> Judgement:
        study = run.convolutional
        assert study is not None  # the claims' domain
        if run.history.last < study.total:
            return pending(f"not at epoch {study.config.epochs:,} yet")
        for name in architectures(study.config):
            untrained = _untrained(study, name)
            if untrained:
                return censored(None, untrained)
        found = [judge(study, name) for name in architectures(study.config)]
        return next((one for one in found if one.status.value == "fails"), found[-1])

    return judged


def _untrained(study: Convolutional, name: str) -> str:
    """Return which scale that claims compare has learnt nothing at any rate; empty where all have."""
    for alpha in (*study.scales, LINEARISED):
        losses = study.latest("cnn-loss", name, alpha)
        if not np.all(losses <= ZERO_LOSS):
            of = "the linearised model" if alpha == LINEARISED else f"alpha {alpha:,.12g}"
            return f"{LABELS[name]}: {of} has learnt nothing at any learning rate, a loss of {np.nanmax([*losses, -1]):.2g} of zero's"
    return ""


def _rich(study: Convolutional, name: str) -> Judgement:
    accuracy = study.over_alpha("cnn-test-accuracy", name)  # (scales, seeds)
    ahead = accuracy.max(axis=0) - accuracy[-1]
    worst = int(np.argmin(ahead))
    best = study.scales[int(accuracy[:, worst].argmax())]
    train = study.latest("cnn-train-accuracy", name, study.scales[-1])[worst]
    note = f"{LABELS[name]}: {accuracy[:, worst].max():.3f} at alpha {best:,.12g}, {accuracy[-1, worst]:.3f} at {study.scales[-1]:,.12g}"
    values = {"best": accuracy[:, worst].max(), "lazy": accuracy[-1, worst], "lazy train": train}
    return decided(bool(ahead.min() >= BETTER), float(ahead.min()), f"{note} (train {train:.3f})", values=values)


def _same(study: Convolutional, name: str) -> Judgement:
    lazy, linear = (study.latest("cnn-test-accuracy", name, alpha) for alpha in (study.scales[-1], LINEARISED))
    off = np.abs(lazy - linear)
    worst = int(off.argmax())
    note = f"{LABELS[name]}: {lazy[worst]:.3f} at alpha {study.scales[-1]:,.12g}, linearised {linear[worst]:.3f}"
    return decided(bool(off.max() <= SAME), float(off.max()), note, predicted=0.0)


def _moves(study: Convolutional, name: str) -> Judgement:
    """Compare scales at one and the same rate: the one that the linearised model takes."""
    alphas = [alpha for alpha in study.scales if alpha >= LAZY]
    rate = study.chosen_rates(name, LINEARISED)
    ways = np.array([[study.at_rate("cnn-weight-change", name, alpha, one)[seed] for seed, one in enumerate(rate)] for alpha in alphas])
    slopes = np.polyfit(np.log(alphas), np.log(ways), 1)[0]
    worst = int(np.abs(slopes + 1).argmax())
    note = f"{LABELS[name]}: {len(alphas)} scales at rate {rate[worst]:g}"
    return decided(bool(np.abs(slopes + 1).max() <= SLOPE), float(slopes[worst]), note, predicted=-1.0)


def _freezes(study: Convolutional, name: str) -> Judgement:
    kept = study.over_alpha("cnn-kept", name)
    rich, lazy = float(kept[0].max()), float(kept[-1].min())
    note = f"{LABELS[name]}: {rich:.3f} at alpha {study.scales[0]:g}, {lazy:.5f} at {study.scales[-1]:,.12g}"
    return decided(lazy >= FROZEN and rich <= OPENED, lazy, note, values={"rich": rich})


JUDGES: Judges[LazyTraining] = {
    "LC1": _at_the_end(_rich), "LC2": _at_the_end(_same), "LC3": _at_the_end(_moves), "LC4": _at_the_end(_freezes),
}  # fmt: skip
