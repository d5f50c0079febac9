"""The claims about neural collapse, and how each is judged.

Papyan, Han, Donoho 2020, arXiv:2008.08186; Hui, Belkin, Nakkiran 2022, arXiv:2202.08384; Zhu et al. 2021, arXiv:2105.02375.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Claim, Condition, one_of, within
from engine.judging import PENDING, Judgement, Judges, censored, decided
from engine.readings import Floats

if TYPE_CHECKING:
    from engine.phenomena.neural_collapse.experiment import NeuralCollapse

SHRINKS, ANGLE, DUAL, NEAREST, APART = 0.01, 0.1, 0.4, 0.01, 50.0
EXACT_GAP, EXACT_ANGLE = 1e-10, 1e-6
TRAINED, EXACT = 0.01, 0.001  # chances of failing by luck; notes.md says what was measured

PAPYAN = "Papyan et al. 2020, arXiv:2008.08186"
HUI = "Hui et al. 2022, arXiv:2202.08384"
ZHU = "Zhu et al. 2021, arXiv:2105.02375"
FORGOTTEN = 1.98  # lr wd steps: the first weights' part in the last ones has decayed by about so many logarithms
MEANT = (
    one_of("dataset", "digits196"), one_of("loss", "half-squared"), within("per_class", 30, 100), within("width", 96, 256),
    one_of("depth", 3), within("wd", 0.8, 1.5), within("lr", 0.0015, 0.003), within("init", 0.4, 0.6), one_of("batch", 100),
    Condition("steps at least 2 an image: about 200 epochs", lambda c: c.steps >= 2 * c.per_class * c.classes),
    Condition(f"lr wd steps at least {FORGOTTEN:g}: first weights decay", lambda c: c.lr * c.wd * c.steps >= FORGOTTEN),
)  # fmt: skip
SIMPLEX = (Condition("free features at least K - 1: a simplex has K - 1 dimensions", lambda c: c.free_features >= c.classes - 1),)
CLAIMS = (
    Claim("CO1", "Features of a class become one point, whatever the labels: NC1 at the end over its start, largest", PAPYAN, "0",
          "at most .01", domain=MEANT, chance=TRAINED),
    Claim("CO2", "Class means take equal angles: mean |cos + 1/(K-1)| at the end, largest", PAPYAN, "0", "at most .1", domain=MEANT,
          chance=TRAINED),
    Claim("CO3", "The classifier has begun to turn to the class means (NC3), its answer is the nearest mean (NC4): largest at the end",
          PAPYAN, "NC3 0, NC4 0", "NC3 at most .4, NC4 at most 1 %", domain=MEANT, chance=TRAINED),
    Claim("CO4", "Test features do not collapse: NC1 of test over training images, least", HUI, "far above 1", "at least 50", domain=MEANT,
          chance=TRAINED),
    Claim("CO5", "Unconstrained features, no network, end in the exact minimum: objective less that of the formula, cosines less "
          "-1/(K-1)", ZHU, "objective 0; cosines 0", "1e-10; 1e-6", domain=SIMPLEX, chance=EXACT),
)  # fmt: skip


def _whole(judge: Callable[[NeuralCollapse], Judgement]) -> Callable[[NeuralCollapse], Judgement]:
    """Judge networks at their end, once they have fitted every label."""

    def judged(run: NeuralCollapse) -> Judgement:
        if not run.done:
            return PENDING
        late = int(sum(np.isnan(run.fitted_at(setting.name)).sum() for setting in run.settings))
        if late:
            return censored(None, f"{late} of {len(run.networks)} networks have not fitted their labels by step {run.step:,}")
        return judge(run)

    return judged


def _ends(run: NeuralCollapse, quantity: str) -> Floats:
    """The last values of every network, (networks,)."""
    return np.concatenate([run.readings.latest(quantity, setting.name) for setting in run.settings])


def _shrinks(run: NeuralCollapse) -> Judgement:
    first = np.concatenate([run.readings.table("nc1", setting.name)[1][0] for setting in run.settings])
    left = _ends(run, "nc1") / first
    return decided(bool(left.max() <= SHRINKS), f"{left.max():.2g}", f"{len(left)} networks",
                   values={"least": left.min(), "largest": left.max()})  # fmt: skip


def _angles(run: NeuralCollapse) -> Judgement:
    ends = _ends(run, "nc2-angle")
    first = np.concatenate([run.readings.table("nc2-angle", setting.name)[1][0] for setting in run.settings])
    return decided(bool(ends.max() <= ANGLE), f"{ends.max():.2g}", f"began at {first.min():.2g} or more; {len(ends)} networks",
                   values={"least": ends.min(), "largest": ends.max(), "least_at_start": first.min()})  # fmt: skip


def _dual(run: NeuralCollapse) -> Judgement:
    distance, other = _ends(run, "nc3"), _ends(run, "nc4")
    start = np.concatenate([run.readings.table("nc3", setting.name)[1][0] for setting in run.settings]).min()
    note = f"NC3 began at {start:.2g} or more; {len(distance)} networks"
    return decided(bool(distance.max() <= DUAL and other.max() <= NEAREST),
                   f"NC3 {distance.max():.2g}, NC4 {other.max():.2g}", note,
                   values={"largest_nc3": distance.max(), "largest_nc4": other.max(), "least_nc3_at_start": start})  # fmt: skip


def _apart(run: NeuralCollapse) -> Judgement:
    ratio = _ends(run, "nc1-test") / _ends(run, "nc1")
    return decided(bool(ratio.min() >= APART), f"{ratio.min():.3g}", f"{len(ratio)} networks",
                   values={"least": ratio.min(), "largest": ratio.max()})  # fmt: skip


def _exact(run: NeuralCollapse) -> Judgement:
    if not run.free:
        return PENDING
    gap = max(abs(float(one.gap[-1])) for one in run.free)
    if run.free[0].vanishes:
        return decided(gap <= EXACT_GAP, f"objective {gap:.1g}", "decay so strong that W = H = 0: objective ln K", values={"gap": gap})
    angle = max(float(one.angle[-1]) for one in run.free)
    return decided(gap <= EXACT_GAP and angle <= EXACT_ANGLE, f"objective {gap:.1g}; cosines {angle:.1g}",
                   f"exact objective {run.free[0].exact.loss:.4f}",
                   values={"gap": gap, "angle": angle, "loss": run.free[0].exact.loss})  # fmt: skip


JUDGES: Judges[NeuralCollapse] = {
    "CO1": _whole(_shrinks), "CO2": _whole(_angles), "CO3": _whole(_dual), "CO4": _whole(_apart), "CO5": _exact,
}  # fmt: skip
