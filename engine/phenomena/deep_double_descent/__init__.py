"""Deep double descent: Does the curve appear in trained networks along width, training time and sample size?

With label noise, the test error of trained networks goes down, up and down again in their width. The peak lies where the network
can just fit its training set; more steps move it, more samples move it: the axis is effective complexity, not parameter count.

Nakkiran et al. 2020, arXiv:1912.02292; Greydanus, Kobak 2024, arXiv:2011.14439 (MNIST-1D); Heckel, Yilmaz 2021, arXiv:2007.10099.

Letters: n examples of d features in K classes, h hidden neurons a layer; eps the training error that counts as fitted.

Order: 70
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from engine.contract import Axis, Config, Figure, Marker, Picture, PictureSpec, Preset, Series, Spec, Verdict, knob
from engine.data.registry import source
from engine.errors import Diverged
from engine.phenomena.deep_double_descent.claims import CLAIMS, Evidence, judge
from engine.phenomena.deep_double_descent.members import threshold_width
from engine.phenomena.deep_double_descent.readings import Readings
from engine.phenomenon import geometric_grid
from engine.state import State
from engine.transition import OldPhenomenon

if TYPE_CHECKING:
    from engine.phenomena.deep_double_descent.exact import Simulated

PER_DECADE = 16
WIDTHS = (4, 12, 24, 48, 100, 200, 500)
NOTEBOOK = {
    "h": (9, 12, 16, 27, 36, 47, 61, 104, 135, 300), "n": 4000, "tests": 12_000, "noise": 0.15, "loss": "ce", "depth": 2,
    "optimizer": "sgd", "batch": 100, "steps": 20_000, "clean": True, "samples": (0,),
}  # fmt: skip
DIGITS = {
    "dataset": "digits196", "h": (8, 12, 20, 32, 50, 70, 100, 250, 1000), "n": 1000, "tests": 2000, "lr": 0.001, "steps": 3000,
    "clean": True, "samples": (62, 125, 250, 500), "sample_h": 50,
}  # fmt: skip


class DeepDoubleDescentConfig(Config):
    """Knobs of the data, of the networks and of their training."""

    h: tuple[int, ...] = knob(WIDTHS, "hidden neurons of a layer, all trained side by side", ge=1, le=2000)
    n: int = knob(500, "training examples", ge=100, le=50_000, log=True)
    noise: float = knob(0.2, "probability that a training label is replaced", ge=0.0, le=1.0)
    convention: Literal["uniform", "incorrect"] = knob("uniform", "a replaced label is any class (uniform) or a wrong one (incorrect)")
    loss: Literal["mse", "ce"] = knob("mse", "squared loss summed over one-hot classes, or cross-entropy")
    steps: int = knob(1500, "training", ge=100, le=500_000, unit="steps", log=True)
    lr: float = knob(0.01, "learning rate", ge=1e-4, le=1.0, log=True, label="learning rate")
    wd: float = knob(0.0, "weight decay", ge=0.0, le=1.0, label="weight decay")
    eps: float = knob(0.1, "training error that counts as fitted", ge=0.01, le=0.3)
    clean: bool = knob(False, "train beside it on true labels")
    samples: tuple[int, ...] = knob((8, 16, 31, 62, 125, 250), "further sample sizes, trained on noisy labels; 0: none", ge=0, le=50_000)
    sample_h: int = knob(48, "widest network trained at those", ge=1, le=2000, log=True)
    dataset: Literal["mnist1d", "digits5k", "digits196"] = knob("mnist1d", "1-D signals, or real digits 28x28 or 14x14")
    tests: int = knob(1500, "test examples", ge=100, le=12_000, log=True)
    depth: int = knob(1, "hidden layers", ge=1, le=3)
    optimizer: Literal["adam", "sgd"] = knob("adam", "Adam (decay beside the gradient), or SGD with momentum")
    momentum: float = knob(0.9, "momentum of SGD", ge=0.0, le=0.99)
    batch: int = knob(0, "examples of a batch; 0: all", ge=0, le=50_000)

    @model_validator(mode="after")
    def _fits_together(self) -> DeepDoubleDescentConfig:
        size, most = source(self.dataset).size, max(self.n, *self.samples, 0)
        if size is not None and most + self.tests > size:
            raise ValueError(f"n and tests must be at most {size} together on {self.dataset}, got {most} and {self.tests}")
        return self


PRESETS = (
    Preset("quick", "seven widths on 500 noisy signals", {}, "arXiv:1912.02292, Fig. 1, on MNIST-1D (arXiv:2011.14439)"),
    Preset("standard", "noisy and clean labels, eleven sample sizes, three seeds",
           {"clean": True, "samples": (1, 2, 4, 8, 16, 31, 62, 125, 250, 1000)}, "arXiv:1912.02292, Fig. 1 and 11", seeds=3),
    Preset("digits5k", "the 5,000 real digits at 14x14 with label noise, clean labels beside", DIGITS,
           "arXiv:1912.02292, Fig. 1, on the digits of MNIST"),
    Preset("mnist1d-notebook", "the published notebook: two hidden layers, 4000 signals, SGD for 500 epochs, 15 % noise",
           NOTEBOOK, "arXiv:2011.14439, deep double descent notebook"),
)  # fmt: skip

WIDTH, STEP, SAMPLES = Axis("hidden neurons h", log=True), Axis("step", log=True), Axis("samples n", log=True)
ERROR = Axis("error", lo=0.0, hi=1.0)
BEST = "best: stopped at the lowest test error"
UNSWEPT = "one sample size only: presets quick, standard and digits5k train more, or the knob samples"
FIGURES = (
    Figure("width", "Down, up, down in width", WIDTH, ERROR, ("width/*",), BEST),
    Figure("width-loss", "Test loss and width", WIDTH, Axis("test loss"), ("width-loss/*",), "MSE is summed over classes"),
    Figure("width-test", "The same, test error alone", WIDTH, Axis("error"), ("width/test-error/*", "width/stopped/*"), BEST),
    Figure("epochs", "Training time", STEP, ERROR, ("epochs/*",), "labels: h; marks: the widest, once it fits half"),
    Figure("samples", "Sample size", SAMPLES, Axis("test error"), ("samples/*",), "noisy labels", UNSWEPT),
    Figure("emc", "Effective complexity", WIDTH, Axis("largest n", log=True), ("emc/*",), "band: up to the next n", UNSWEPT),
    Figure("epochs-exact", "Two time scales, exactly", STEP, Axis("risk"), ("epochs-exact/*",), "excess risk of a linear model, n=400"),
    Figure("samples-exact", "More data hurts, exactly", SAMPLES, Axis("risk", log=True), ("samples-exact/*",),
           "excess risk of least squares, d=100, sigma=.5"),
)  # fmt: skip
PICTURES = (PictureSpec("test-error", "Test error over width and step"),)

NOTES = """
## What to notice

- **Width**: test loss and test error rise until the network can just fit its labels, and fall again beyond. The loss peaks near
  nK parameters, one for every number that has to be fitted; the error peaks more weakly, there or earlier.
- Training errors count the **noisy labels** that were learned; test labels are always true.
- The peak leans on **label noise**. At n=500 the clean arm peaks as well, because these signals are noisy by themselves.
- **Best** stops early, at the lowest test error of all steps, which nobody can do without test labels: it shows how much of the peak
  is overtraining.
- **Training time**: a wide network falls, rises while it fits the noise, and may fall again. Two exact time scales show the same.
- **Samples**: near the threshold of a model, more data can hurt. In least squares the risk peaks at n = d, exactly.
- **Effective complexity** is the largest n that a training procedure fits: it grows with the width *and* with the steps. It is found by
  bisection on the sample sizes trained, so it lies between one of them and the next (the band). "Less" and "or more" are limits: the
  complexity lies beyond the sizes trained.
- **Published size**: in mnist1d-notebook clean labels give no peak (DDD4); noisy ones peak at h=47, as published. It trains all 500
  epochs of one seed on two cores in a few minutes, so standard does not train this network for 200.
- **One seed is little.** Of seeds 0 to 4, quick decides DDD1 and DDD3 alike; at seed 3 the loss of the narrow h=12 runs away to 2.68,
  above the 2.53 at h=100, and DDD2 fails. On the digits the top is flat between h=50 and 100: at seeds 1 and 2 it lies at 100, beyond
  twice the 48.3 of nK parameters, and DDD2 fails there too. Run with several seeds to see the mean.

## Formulas

- `EMC(T) = max{n : E[train error] <= eps}`; parameters `(d+1)h + (h+1)K`, threshold nK.
- Two-scale risk `sum lam b^2 a^2 + (sigma2/n) sum (1-a)^2`, `a = (1 - eta lam)^t`; a group of signal B and noise V dips to BV/(B+V).
- Sample-wise: excess risk `r2 (1-n/d) + sigma2 n/(d-n-1)` below d, `sigma2 d/(n-d-1)` above.

## Traps

- Cross-entropy peaks weakly, where the train error reaches 0, far left of nK.
- 15 % noise is 15 % flipped by the convention `incorrect`, 13.5 % by `uniform`: convert before comparing.
- This peak leans on noise, in contrast to Belkin's, which leans on reusing the weights of smaller networks. No weights are reused here.
- The digits are pooled to 14x14: with 784 pixels and 1,000 examples the threshold lies at h=13, where ten classes hardly fit through.
- Adam at .002 or more kills the ReLUs on standardised digits; pixels are in [0,1] here, and 1e-3 is a good rate.
- The published ResNet18 and CNN on CIFAR-10 are not offered: their data is not shipped, so DDD7 is not decided.

## Where the textbook is imprecise

"More epochs help again" is not "better than early stopping": the ResNet18 of width 64 ends at 19.63 % after a first minimum of 17.30 %.

## References

Nakkiran et al. 2020, arXiv:1912.02292. Greydanus, Kobak 2024, arXiv:2011.14439. Heckel, Yilmaz 2021, arXiv:2007.10099.
Nakkiran 2019, arXiv:1912.07242.
"""


class DeepDoubleDescent(OldPhenomenon):
    """Networks of many widths, trained side by side on noisy labels."""

    spec: ClassVar[Spec] = Spec(
        name="deep-double-descent",
        title="Deep double descent",
        question="Does the curve appear in trained networks along width, training time and sample size?",
        config=DeepDoubleDescentConfig,
        presets=PRESETS,
        figures=FIGURES,
        pictures=PICTURES,
        claims=CLAIMS,
        notes=NOTES,
        experiment=__name__,
        references=("arXiv:1912.02292", "arXiv:2011.14439", "arXiv:2007.10099", "arXiv:1912.07242"),
    )

    def __init__(self, config: Config, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        from engine.phenomena.deep_double_descent.experiment import Experiment

        super().__init__(config, seeds, device, preset)
        c = self.config
        self._experiment = Experiment(c, seeds, device)
        self._grid = geometric_grid(c.steps, PER_DECADE)
        self.total = c.steps
        problem = self._experiment.problems[0]
        self._threshold = threshold_width(c.n, problem.x.shape[1], c.depth, problem.classes)
        self.notes = (f"noise {c.noise:g} ({c.convention}) flips {problem.flipped:.1%} of the labels; test labels are true",)

    @cached_property
    def _companions(self) -> tuple[Simulated, Simulated]:
        from engine.phenomena.deep_double_descent.exact import sample_wise, two_scales

        return two_scales(self.seeds[0]), sample_wise(self.seeds[0])

    # ------------------------------------------------------------ training

    @property
    def done(self) -> bool:
        """Whether the last step has been measured."""
        return bool(self.history.steps) and self.history.steps[-1] >= self.config.steps

    @property
    def _target(self) -> int:
        """The next step to be measured; the last one once that has been."""
        measured = self.history.steps[-1] if self.history.steps else -1
        place = int(np.searchsorted(self._grid, measured, side="right"))
        return int(self._grid[min(place, len(self._grid) - 1)])

    def advance(self, budget: float) -> None:
        """Train for about `budget` seconds, never past the next step to be measured."""
        self._experiment.advance(self._target, budget)
        self.step = self._experiment.progress()

    def due(self) -> bool:
        """Whether the present step is on the grid and has not been measured."""
        return not self.done and self.step == self._target and self._experiment.together

    def measure(self) -> dict[str, Any]:
        """Return every network's errors and losses, a list over networks per quantity.

        Raises:
            Diverged: a loss is no longer finite.
        """
        record = self._experiment.record()
        lost = np.flatnonzero(~np.isfinite(record["train-loss"]))
        if lost.size:
            member = self._experiment.members[lost[0]]
            sentence = f"the training loss of h={member.h} ({member.arm}) is no longer a finite number at step {self.step}"
            raise Diverged(sentence, f"lower learning rate (it is {self.config.lr:g})")
        return record

    # ------------------------------------------------------------ what is shown

    @property
    def _readings(self) -> Readings:
        return Readings(self.history, self._experiment.members, self.config.n)

    def series(self) -> tuple[Series, ...]:
        """Readings over width, steps and samples as they are now; the exact companions from the start."""
        from engine.phenomena.deep_double_descent.curves import companions, over_samples, over_steps, over_width

        exact, readings = companions(*self._companions), self._readings
        if not len(self.history):
            return tuple(exact)
        return (
            *over_width(readings, self.config.clean),
            *over_steps(readings),
            *over_samples(readings, self.config.eps),
            *exact,
        )

    def pictures(self) -> tuple[Picture, ...]:
        """Test error over width and step."""
        from engine.phenomena.deep_double_descent.curves import heat_map

        return (heat_map(self._readings, self.config.eps),) if len(self.history) else ()

    def markers(self) -> tuple[Marker, ...]:
        """Thresholds in width; first minimum, peak and end in time."""
        from engine.phenomena.deep_double_descent.curves import markers

        return tuple(markers(self._readings, self._companions[0], self._threshold))

    # ------------------------------------------------------------ claims and storage

    def verdicts(self) -> tuple[Verdict, ...]:
        """Every claim; the exact ones are decided at once, the others when training has ended."""
        c = self.config
        evidence = Evidence(self._readings, *self._companions, self._threshold, c.eps, c.tests, c.clean, self.done)
        return tuple(ready or judge(claim, evidence) for claim, ready in self.claims())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first seed's data: X (n, d), y noisy and y_clean (n,), X_test, y_test; h, arm, n and place of every network."""
        problem, members = self._experiment.problems[0], self._experiment.members
        n = self.config.n
        return {
            "X": problem.x[:n], "y": problem.labels["noisy"][:n], "y_clean": problem.labels["clean"][:n],
            "X_test": problem.x_test, "y_test": problem.y_test, "h": np.array([member.h for member in members]),
            "noisy": np.array([member.arm == "noisy" for member in members]), "n": np.array([member.n for member in members]),
            "place": np.array([member.place for member in members]),
        }  # fmt: skip

    def state(self) -> State:
        """Return every network's weights, moments and place."""
        state = self._experiment.state()
        return State(state.arrays, {"experiment": state.scalars, "step": self.step})

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._experiment.restore(State(state.arrays, state.scalars["experiment"]))
        self.step = state.scalars["step"]
