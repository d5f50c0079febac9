"""Max margin: On separable data the weights of logistic regression diverge; where does their direction go?

To the hard-margin SVM, without anybody asking for it, at a rate of 1/log t; meanwhile validation loss rises and validation
error stays. The gradient flow is followed over 59 decades of time, far beyond any descent, and true steps lie beneath it as far
as they were run. Other optimisers go to the largest margin in another norm.

Soudry, Hoffer, Nacson, Gunasekar, Srebro 2018, arXiv:1710.10345; Gunasekar, Lee, Soudry, Srebro 2018, arXiv:1802.08246; Nacson et
al. 2019, arXiv:1803.01905; Ji, Telgarsky 2021, arXiv:1906.04540; Lyu, Li 2020, arXiv:1906.05890; Zhang et al. 2024,
arXiv:2406.10650.

Letters: n points, d features; rows z_i = y_i x_i; w_hat the SVM, alpha its dual weights, gam = 1/|w_hat| its margin; eta the step
size, t steps, s = eta t the flow's time, L = log s; w_tilde what remains of w - w_hat L. Losses are sums over points. Each seed
draws its own problem; lines are medians over seeds with their range.

Order: 50
"""

from __future__ import annotations

import time
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from engine.contract import Axis, Config, Figure, Marker, Picture, PictureSpec, Preset, Series, Spec, Verdict, knob
from engine.phenomena.max_margin.verdicts import CLAIMS, judge
from engine.state import State
from engine.transition import OldPhenomenon


class MaxMarginConfig(Config):
    """Knobs of the separable problem and of what walks on it."""

    data: Literal["four-point", "soudry", "gauss", "mnist1d"] = knob(
        "four-point", "points: four, 16 of equal duals, Gaussian, or digits 0 and 1"
    )
    n: int = knob(40, "points of gauss and mnist1d", ge=4, le=500, log=True)
    d: int = knob(10, "features of gauss", ge=2, le=50, log=True)
    eta: float = knob(0.5, "step size of gradient descent and momentum", ge=0.0, le=1.0, unit="of 8/s_max^2", label="step size")
    decades: int = knob(59, "how far the flow is followed: to s = 10^decades", ge=3, le=59, unit="decades")
    gd_steps: int = knob(200_000, "true steps of gradient descent; the other optimisers make a tenth", ge=0, le=10_000_000, log=True)
    optimiser: Literal["gd", "momentum", "normalised", "sign", "coordinate", "adam"] = knob(
        "gd", "whose true steps lie beneath the flow and turn in the picture", live=True
    )
    adam_eps: float = knob(0.0, "Adam's eps: 0 leads to l_inf, more eventually to l2", ge=0.0, le=0.001, label="Adam's eps")
    bias: bool = knob(False, "append a constant to every point: its weight is the bias, and counts in the norm")
    flips: int = knob(0, "labels turned round; too many, and nothing separates the data", ge=0, le=500)

    @model_validator(mode="after")
    def _enough_points(self) -> MaxMarginConfig:
        size = {"four-point": 4, "soudry": 16}.get(self.data, self.n)
        if self.flips > size:
            raise ValueError(f"flips must be at most the {size} points of {self.data}, got {self.flips}")
        return self


PRESETS = (
    Preset("quick", "the four points, 200,000 true steps; Soudry's set and Gaussian data beside them", {}, "arXiv:1710.10345, Theorem 5"),
    Preset(
        "standard", "Gaussian data of three seeds, 1,000,000 true steps, 100,000 of every other optimiser",
        {"data": "gauss", "gd_steps": 1_000_000}, "arXiv:1710.10345; arXiv:1802.08246", seeds=3,
    ),
    Preset(
        "soudry-fig1", "the paper's figure: equal duals, step 1/s_max^2 (momentum .9 among the optimisers)",
        {"data": "soudry", "eta": 0.125}, "arXiv:1710.10345, Fig. 1",
    ),
)  # fmt: skip

S = Axis("s = eta t", log=True)
FIGURES = (
    Figure("direction-error", "Direction error", S, Axis("|w/|w| - w_hat/|w_hat||", log=True), ("direction-error/*",)),
    Figure("direction-law", "Direction error x L", S, Axis("times log s", lo=0.0), ("direction-law/*",), "L = log s"),
    Figure("norm", "Norm of the weights", S, Axis("|w|", lo=0.0), ("norm/*",), "slope |w_hat| on log s"),
    Figure("validation", "Validation loss and error", S, Axis("mean loss; error", log=True), ("validation/*",),
           "100 points near the training points, one mislabelled"),
    Figure("optimisers", "Each optimiser's own margin", Axis("step", log=True, lo=1), Axis("margin over the largest", lo=0.0, hi=1.05),
           ("optimisers/*",), "GD, momentum, normalised: l2; sign, Adam: l_inf; coordinate: l1"),
    Figure("one-minus-cos", "Angle", S, Axis("1 - cos", log=True), ("one-minus-cos/*",)),
    Figure("angle-law", "(1 - cos) x L^2", S, Axis("times (log s)^2", lo=0.0), ("angle-law/*",), "L = log s"),
    Figure("margin-gap", "Margin gap", S, Axis("gam - min z.w/|w|", log=True), ("margin-gap/*",)),
    Figure("margin-law", "Margin gap x L", S, Axis("times log s", lo=0.0), ("margin-law/*",), "L = log s"),
    Figure("loss", "Training loss", S, Axis("summed logistic loss", log=True), ("loss/*",)),
    Figure("loss-law", "Training loss x s", S, Axis("times s", lo=0.0), ("loss-law/*",), "in steps: loss x t -> 1/(eta gam^2)"),
    Figure("other-data", "Direction error, other data", S, Axis("|w/|w| - w_hat/|w_hat||", log=True), ("other-data/*",),
           "equal duals (Soudry's set): s^-1/4"),
    Figure("margin", "Margin and smoothed margin", S, Axis("over gam", lo=0.0, hi=1.05), ("margin/*",),
           "smoothed: log(1/loss)/|w|"),
)  # fmt: skip
PICTURES = (PictureSpec("separator", "Data and separators"),)

NOTES = """
## What to notice

- The **norm** grows for ever, by `|w_hat|` for every unit of log s. The **direction** settles, at a rate that no training will see
  the end of: ten times nearer takes ten times as many *decades*. Move the cursor over s to turn the separator of the **picture**.
- The products (**direction error x L**, **(1-cos) x L^2**, **margin gap x L**, **loss x s**) tend to the constants predicted from
  the dual weights (level lines). Only the direction and the margin are 1/log t: the angle defect is 1/log^2 t, the loss 1/t.
- **True steps** (dots) lie on the flow and end after a few decades. From there to 1e59 the curve is the *flow*, solved in log
  time, and no measurement. Descent of step eta is at `s = eta t` after t steps; heavy ball at `eta t/(1 - .9)`.
- **Validation loss** rises like log t, because one held-out point lies on the wrong side and its loss grows with the norm;
  the **error** does not move. Early stopping by loss would throw away a better margin.
- Every **optimiser** goes to the largest margin in its own norm: (normalised) gradient descent l2, sign descent l_inf, coordinate
  descent l1. Choose one with the knob *optimiser*: those without a flow of their own stand where the flow has the same loss.
- **Momentum** overshoots in its first steps and then stands nearly still, until the flow's time has caught up with its norm.
- `data soudry`: all dual weights are equal, w_tilde is parallel to w_hat, both constants vanish and the direction falls like s^-1/4,
  far faster than the theorem's bound. `data gauss` is slow: **other data** shows three sets side by side.
- `flips 1`: nothing separates the data any more, and the condition is named.

## Formulas

- `w_hat = argmin {|w|^2 : z_i.w >= 1} = sum alpha_i z_i`, `gam = 1/|w_hat|`; by non-negative least squares on `[Z^T; 1^T] a = [0; 1]`.
- Flow of the summed logistic loss, tau = log s: `dw/dtau = sum z_i exp(tau - log(1 + exp(z_i.w)))`, from w = 0.
- `w = w_hat L + w_tilde + o(1)` with `exp(-z_i.w_tilde) = alpha_i` on support vectors; in log t, w_tilde gains `w_hat log eta`, and the
  first three constants stay the same.
- Constants: `C = |(I-P) w_tilde|/|w_hat|`; `C^2/2`; `gam sum p_i log(p_max/p_i)` with `p = alpha/sum(alpha)`; `1/gam^2` (of loss x s).
- The products approach them with relative error 1/L, the two-term prediction (drawn) like `s^-k`, `k = min(mu, m2 - 1, 1)`: k = .4 for the
  four points, near .01 for many Gaussian draws, which even 59 decades do not bring to an end.
- Smoothed margin `log(1/loss)/|w|`: rises once the data are separated, for every homogeneous network (Lyu, Li).
- Other norms: steps of length `eta/sqrt(t)` bring the margin within `O(log t/sqrt(t))` of `max {g : z_i.w >= g, |w| <= 1}`.
- Adam with eps = 0 goes to l_inf; with a fixed eps > 0 eventually to l2.

## Where the textbook is imprecise

- (9) The rates are Theorem 5, not Theorem 3. Only the direction is 1/log t.
- The objective is the argmin of the *squared norm* under `z_i.w >= 1`.
- A bias needs no analysis of its own, only an appended constant; it is then penalised with the rest, and the margin is in |(w, b)|.

## References

Soudry et al. 2018, arXiv:1710.10345. Gunasekar et al. 2018, arXiv:1802.08246. Nacson et al. 2019, arXiv:1803.01905. Ji, Telgarsky 2021,
arXiv:1906.04540. Lyu, Li 2020, arXiv:1906.05890. Zhang et al. 2024, arXiv:2406.10650.
"""


class MaxMargin(OldPhenomenon):
    """One separable problem a seed: its SVM, its flow, and optimisers that walk it."""

    spec: ClassVar[Spec] = Spec(
        name="max-margin",
        title="Max margin",
        question="On separable data the weights of logistic regression diverge; where does their direction go?",
        config=MaxMarginConfig,
        presets=PRESETS,
        figures=FIGURES,
        pictures=PICTURES,
        claims=CLAIMS,
        notes=NOTES,
        experiment=__name__,
        references=("arXiv:1710.10345", "arXiv:1802.08246", "arXiv:1803.01905", "arXiv:1906.04540", "arXiv:1906.05890", "arXiv:2406.10650"),
        instant=True,
    )

    def __init__(self, config: Config, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        from engine.phenomena.max_margin.curves import Curves
        from engine.phenomena.max_margin.experiment import Experiment
        from engine.phenomena.max_margin.problems import Wanted

        super().__init__(config, seeds, device, preset)
        c = self.config
        wanted = Wanted(c.data, c.n, c.d, c.flips, c.bias)
        self._run = Experiment(wanted, seeds, c.eta, c.decades, c.gd_steps, c.adam_eps)
        self._curves = Curves(self._run, c.optimiser)
        self.total = c.gd_steps
        self.notes = self._sentences()

    # ------------------------------------------------------------ work

    @property
    def done(self) -> bool:
        """Whether every flow is there and the last step is made."""
        return self._run.done

    def advance(self, budget: float) -> None:
        """Solve flows, then make true steps, for about `budget` seconds; stop where a step must be measured."""
        deadline = time.monotonic() + budget
        while not self._run.done:
            self._run.piece()
            self.step = self._run.step
            if self.due() or time.monotonic() >= deadline:
                break
        self.notes = self._sentences()

    def due(self) -> bool:
        """Whether the present step is on the grid and has not been measured; step 0 as soon as the first flow is there."""
        measured = self.history.steps[-1] if self.history.steps else -1
        return self.step > measured and bool(self._run.main) and self.step in self._run.grid

    def measure(self) -> dict[str, Any]:
        """Return, seed by seed, descent's direction error and log loss, and every optimiser's share of its margin."""
        if self.step == 0:
            svm = self._run.main[0].svm
            return {"margin": svm.margin, "support vectors": int(svm.support.sum()), "KKT residual": svm.kkt}
        lanes = self._run.named("gd")
        found = [lane.solved.along(lane.log_times()[-1:], lane.path[-1:]) for lane in lanes]
        record: dict[str, Any] = {
            "direction error": [float(item.direction[0]) for item in found],
            "log loss": [float(item.log_loss[0]) for item in found],
        }
        for lane in self._run.lanes:
            record.setdefault(f"own margin/{lane.name}", []).append(float(lane.shares()[-1]))
        return record

    def set_knob(self, name: str, value: Any) -> None:
        """Show another optimiser's steps beneath the flow; nothing is computed again."""
        super().set_knob(name, value)
        self._curves.shown = self.config.optimiser

    # ------------------------------------------------------------ what is shown

    def series(self) -> tuple[Series, ...]:
        """Flow, predictions, true steps, optimisers."""
        return self._curves.series()

    def pictures(self) -> tuple[Picture, ...]:
        """The first seed's data with the SVM and what turns towards it."""
        from engine.phenomena.max_margin.plane import picture

        if not self._run.main:
            return ()
        lanes = self._run.named(self.config.optimiser)
        return (picture(self._run.main[0], lanes[0] if lanes else None),)

    def markers(self) -> tuple[Marker, ...]:
        """Where the true steps end, and the largest margin."""
        return self._curves.markers()

    def verdicts(self) -> tuple[Verdict, ...]:
        """Every claim, as far as it can be decided."""
        return tuple(ready or judge(claim, self._run) for claim, ready in self.claims())

    def _sentences(self) -> tuple[str, ...]:
        """What the curves are made of, where that cannot be seen."""
        run = self._run
        said = []
        if run.last:
            said.append(
                f"true steps: {run.last:,} of gradient descent, {run.last // 10:,} of the others; beyond them the curve is the flow"
            )
        for solved in run.main:
            if solved.no_limit:
                said.append(f"seed {solved.problem.seed}: {solved.no_limit}, so no constants are predicted")
            elif solved.limit is not None and solved.limit.direction < 1e-10:
                said.append(f"equal duals: w_tilde is parallel to w_hat, the direction falls like s^-{solved.limit.exponent:.2g}")
        said.append(f"Adam's eps is {self.config.adam_eps:g}")
        return tuple(dict.fromkeys(said))

    # ------------------------------------------------------------ storage

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first seed's problem and its solutions.

        X (n, d) with the appended constant, y (n,), w_star (d,) where a direction made the labels; w_hat (d,) the SVM, alpha (n,) its
        dual weights, support (n,); w (d,) descent's last; log_s (k,) and w_flow (k, d); w_tilde (d,) in flow time where it exists;
        X_validation, y_validation; w_<optimiser> (d,).
        """
        run, problem = self._run, self._run.problems[0]
        svm = problem.svm
        found: dict[str, NDArray[Any]] = {
            "X": problem.X, "y": problem.y, "w_hat": svm.w, "alpha": svm.alpha, "support": svm.support,
            "X_validation": problem.held_out.X, "y_validation": problem.held_out.y,
        }  # fmt: skip
        if problem.w_star is not None:
            found["w_star"] = problem.w_star
        if run.main:
            found |= {"log_s": run.log_s, "w_flow": run.main[0].flow.w}
            found |= {"w_tilde": run.main[0].limit.w_tilde} if run.main[0].limit is not None else {}
        first = [lane for lane in run.lanes if lane.solved is run.main[0]]
        found |= {("w" if lane.name == "gd" else f"w_{lane.name}"): np.array(lane.stepper.w) for lane in first}
        return found

    def state(self) -> State:
        """Return the optimisers' weights and paths; flows follow from the seeds."""
        return self._run.state()

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._run.restore(state)
        self.step = self._run.step
