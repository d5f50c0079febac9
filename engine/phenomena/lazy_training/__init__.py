"""Lazy training: When does a network learn features, and when is it merely linear around its start?

One network learns one teacher at eight output scales alpha. The larger alpha, the less the weights need to move: like 1/alpha.
Its tangent kernel freezes, its predictions become those of the model linearised at the start, and its test error rises to theirs.

Chizat, Oyallon, Bach 2019, arXiv:1812.07956; Jacot, Gabriel, Hongler 2018, arXiv:1806.07572.

Letters: n examples of d features on the unit sphere, m hidden neurons W (m, d), a (m,); `h(x) = relu(x W^T) a / sqrt(m)`;
K the tangent kernel, K0 before training.

Order: 100
"""

from __future__ import annotations

from time import perf_counter
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from engine.contract import Axis, Config, Figure, Marker, Picture, PictureSpec, Preset, Series, Spec, Verdict, knob
from engine.errors import Diverged
from engine.phenomena.lazy_training.claims import CLAIMS, LAZY, RESIDUAL, Evidence, judge
from engine.phenomenon import geometric_grid
from engine.state import State
from engine.transition import OldPhenomenon

GROWN = 1e3  # times the first residual: training does not come back from there
PER_DECADE = 10  # measurements: each reads the kernel of every network


class LazyTrainingConfig(Config):
    """Knobs of the teacher task and of its students."""

    alpha: tuple[float, ...] = knob(
        (0.01, 0.03, 0.1, 0.3, 1.0, 10.0, 100.0, 1000.0), "output scales, all trained side by side", ge=1e-4, le=1e4
    )
    d: int = knob(20, "features", ge=2, le=200)
    n: int = knob(200, "training examples", ge=20, le=2000, log=True)
    m: int = knob(100, "hidden neurons", ge=4, le=2000, log=True)
    widths: tuple[int, ...] = knob((30, 300), "further numbers of neurons, trained at alpha 1", ge=4, le=2000)
    teacher: int = knob(3, "neurons of the teacher", ge=1, le=10)
    steps: int = knob(4000, "longest training", ge=100, le=100_000, unit="steps", log=True)
    symmetrise: bool = knob(True, "start from zero by pairs of opposite neurons")
    tol: float = knob(1e-3, "relative training residual at which a network rests", ge=1e-6, le=0.1, log=True, label="tolerance")
    rule: Literal["kernel", "published"] = knob(
        "kernel", "step size in units of min(1,alpha)/lambda_max(K0), or of the paper's min(10,.1/tau^2) with tau^2 = alpha/sqrt(m)"
    )
    lr: float = knob(0.8, "step size in the rule's unit", ge=0.001, le=1.9, log=True, label="learning rate")

    @model_validator(mode="after")
    def _pairs(self) -> LazyTrainingConfig:
        odd = [m for m in (self.m, *self.widths) if m % 2]
        if self.symmetrise and odd:
            raise ValueError(f"m and widths must be even, because symmetrised neurons come in pairs, got {odd[0]}")
        return self


PUBLISHED = tuple(float(f"{10.0**exponent * 50**0.5:.4g}") for exponent in np.linspace(-4.4, 2.0, 17))  # tau^2 sqrt(m), tau = 10^-2.2..10
PRESETS = (
    Preset("quick", "eight output scales on a teacher of three neurons", {}, "arXiv:1812.07956, Fig. 1-2, at n=200, d=20"),
    Preset("standard", "the same with widths from 10 to 1000 and three seeds", {"widths": (10, 30, 100, 300, 1000)},
           "arXiv:1812.07956; arXiv:1806.07572 (width)", seeds=3),
    Preset("chizat-shallow",
           "the paper's two-layer network: d=100, n=1000, ten trials, scale tau as alpha = tau^2 sqrt(m); an hour on one core, 2 GB",
           {"alpha": PUBLISHED, "d": 100, "n": 1000, "m": 50, "widths": (50,), "steps": 10_000, "rule": "published", "lr": 1.0},
           "arXiv:1812.07956, Fig. 2", seeds=10),
)  # fmt: skip

ALPHA, WIDTH = Axis("output scale alpha", log=True), Axis("hidden neurons m", log=True)
FIGURES = (
    Figure("test-error", "Test error", ALPHA, Axis("test MSE", log=True), ("test-error", "test-error/*"), "teacher of variance 1"),
    Figure("weight-change", "Weights move like 1/alpha", ALPHA, Axis("|w-w0|/|w0|", log=True), ("weight-change", "weight-change/*")),
    Figure("kernel-change", "The kernel freezes", ALPHA, Axis("relative change", log=True),
           ("kernel-change", "kernel-change/*")),
    Figure("gap-to-linearised", "Distance to the linearised model", ALPHA, Axis("rms gap", log=True), ("gap", "gap/*"),
           "on test points, after the same steps"),
    Figure("training", "Training loss", Axis("step", log=True), Axis("loss / loss of zero", log=True), ("training/*",)),
    Figure("alignment", "What turns: kernel and ReLUs", ALPHA, Axis("share or cosine", lo=0.0),
           ("alignment", "kernel-rotation", "flipped"), "flipped: of all pairs of neuron and training example"),
    Figure("width", "Wide networks are lazy too", WIDTH, Axis("relative change or gap", log=True), ("width/*",), "at alpha = 1"),
    Figure("width-error", "Test error and width", WIDTH, Axis("test MSE", log=True), ("width-error/*",), "at alpha = 1"),
)  # fmt: skip
PICTURES = (
    PictureSpec("directions/rich", "Hidden directions, rich: smallest alpha"),
    PictureSpec("directions/lazy", "Hidden directions, lazy: largest alpha"),
    PictureSpec("kernel/before", "Kernel before training"),
    PictureSpec("kernel/rich", "Kernel after, smallest alpha"),
)

NOTES = """
## What to notice

- **Test error** rises from left to right: the same network, the same data, the same training loss, and yet at small alpha it is
  some twenty times better. What differs is whether it *moves*.
- **Weight change** follows `1/alpha` on the right; the line is the length of the linearised model's way, with no fitted constant.
- The **kernel** freezes with it, and the **gap to the linearised model** trained beside it closes: from alpha = 10 on, this network
  is kernel regression with K0.
- **Hidden directions**: at small alpha the neurons that matter turn towards the teacher's; at large alpha every one stays where it was.
- The **kernel** after rich training is sharp where targets are large: it has learned which examples belong together.
- **Width**: at alpha = 1 wide networks move less as well, by the factor `1/sqrt(m)` in h. Laziness is about scale, not about depth.
  Ten neurons (210 weights, 200 examples) do not fit the data in these steps: a sentence below the figures says so.
- How bad the linearised model is depends on the seed (test MSE .14 to .41 over four): 100 neurons are few for a kernel, and 1000
  make a better one.

## Formulas

- Loss `R(alpha h(w))/alpha^2` with `R(f) = |f - y|^2/2`, gradient `(1/alpha) Dh^T (alpha h - y)`; step `.8 min(1, alpha)/lambda_max(K0)`.
- `K(x,x') = (1/m) sum_j (relu(w_j.x) relu(w_j.x') + x.x' a_j^2 1(w_j.x>0) 1(w_j.x'>0))`; limit of alpha -> infinity and long training:
  `f(x) = K0(x,X) K0(X,X)^-1 y`. After t steps of gradient descent it has a closed form in K0's eigenvectors.
- Laziness `(1/alpha) |alpha h(w0) - y| |D2h|/|Dh|^2` is of order `1/alpha` only if `h(w0) = 0`: hence the pairs of opposite neurons.

## Traps

- "Lazy" begins where the scaling says: without `1/sqrt(m)` at alpha = 1, with it near 10.
- Kernel change and gap do not fall exactly like 1/alpha, which holds for smooth activations: ReLUs flip one at a time, at first more
  slowly than 1/alpha, and from some scale on none does.
- The gap is taken to the linearised model after the *same steps*; the line under the test error is its limit of infinite time, which
  narrow networks (few more weights than examples) do not come near.
- Small alpha diverges at the step of large alpha, hence `min(1, alpha)`. Compare at equal training loss (LT6): small eigenvalues of K0
  are slow, and some seeds need more than 4000 steps. Then LT6 fails, and `steps` should be raised. In `chizat-shallow` it fails at
  the paper's 10,000 steps: tau = 10 ends at a residual of .08 (two seeds); its test MSE is .59 there, against .003 at tau = .006.
- Without symmetrisation `alpha h(w0)` dominates at large alpha (LT7 fails, test error explodes): try it.

## Where the textbook is imprecise

It only points to the tangent kernel as the next topic. That kernel is the right end of this screen, and misses what happens on the
left: features are learned there.

## References

Chizat, Oyallon, Bach 2019, arXiv:1812.07956. Jacot, Gabriel, Hongler 2018, arXiv:1806.07572.
"""


class LazyTraining(OldPhenomenon):
    """One network at many output scales, and at many widths."""

    spec: ClassVar[Spec] = Spec(
        name="lazy-training",
        title="Lazy training",
        question="When does a network learn features, and when is it merely linear around its start?",
        config=LazyTrainingConfig,
        presets=PRESETS,
        figures=FIGURES,
        pictures=PICTURES,
        claims=CLAIMS,
        notes=NOTES,
        experiment=__name__,
        references=("arXiv:1812.07956", "arXiv:1806.07572"),
    )

    def __init__(self, config: Config, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        from engine.phenomena.lazy_training.experiment import Experiment
        from engine.theory.kernels.tangent_kernel import memory_estimate

        super().__init__(config, seeds, device, preset)
        c = self.config
        self._alphas = np.array(sorted(set(c.alpha)))
        self._experiment = Experiment(c, seeds, device)
        self._grid = geometric_grid(c.steps, PER_DECADE)
        self.total = c.steps
        self._memory = f"one tangent kernel of n={c.n}, m={c.m} takes at most {memory_estimate(c.n, c.n, c.m) / 2**20:.0f} MiB"
        self.notes = (self._memory,)

    # ------------------------------------------------------------ training

    @property
    def done(self) -> bool:
        """Whether the last step has been measured."""
        return len(self.history) > 0 and self._target is None

    @property
    def _target(self) -> int | None:
        """The next step to be measured."""
        measured = self.history.steps[-1] if self.history.steps else -1
        later = self._grid[self._grid > measured]
        return int(later[0]) if later.size and measured < (self.total or 0) else None

    def advance(self, budget: float) -> None:
        """Train for about `budget` seconds, never past the next step to be measured."""
        target, started = self._target, perf_counter()
        if target is not None:
            self._experiment.advance(target, budget - (perf_counter() - started))
            self.step = self._experiment.progress(target)

    def due(self) -> bool:
        """Whether the present step is on the grid and has not been measured."""
        return self.step == self._target and self._experiment.progress(self.step) == self.step

    def measure(self) -> dict[str, Any]:
        """Return every network's readings, a list over networks per quantity; those that rest are put aside.

        Raises:
            Diverged: a training residual is no longer finite, or a thousand times the first.
        """
        self._experiment.measure()
        self._require_finite()
        if self._experiment.over.all():
            self.total = self.step
        self.notes = (self._memory, *self._unfitted())
        return self._experiment.record()

    def _unfitted(self) -> list[str]:
        """The widths that ended short of a fair comparison, as a sentence."""
        residuals, widths = self._experiment.column("train-residual"), np.array([member.m for member in self._experiment.members])
        short = np.unique(widths[(residuals > RESIDUAL) & (widths != self.config.m)])
        if self.step != self.total or not short.size:
            return []
        worst = residuals[np.isin(widths, short)].max()
        return [
            f"m={', '.join(map(str, short))} not fitted at alpha 1: residual up to {worst:.2g}, above the {RESIDUAL:g} of a fair comparison"
        ]

    def _require_finite(self) -> None:
        residuals = self._experiment.column("train-residual")
        lost = np.flatnonzero(~(residuals <= GROWN * self._experiment.first_residuals))
        if lost.size:
            member, step = self._experiment.members[lost[0]], int(self._experiment.taken[lost[0]])
            name = f"alpha {member.alpha:g}, m={member.m}"
            grown = "is no longer a finite number" if not np.isfinite(residuals[lost[0]]) else f"has grown to {residuals[lost[0]]:.1e}"
            raise Diverged(f"the relative residual of {name} {grown} at step {step}", f"lower learning rate (it is {self.config.lr:g})")

    # ------------------------------------------------------------ what is shown

    def series(self) -> tuple[Series, ...]:
        """Readings over alpha and over the width as they are now, losses over steps, theory beside them."""
        from engine.phenomena.lazy_training.curves import over_alpha, over_width, training

        experiment, m = self._experiment, self.config.m
        return (
            *over_alpha(experiment, self._alphas, m),
            *training(experiment, self.history, self._alphas, m),
            *over_width(experiment),
        )

    def pictures(self) -> tuple[Picture, ...]:
        """Hidden directions and kernels of the first seed, at the smallest and at the largest alpha."""
        from engine.phenomena.lazy_training.pictures import directions, kernel_picture

        rich, lazy = self._ends
        return (
            directions(self._experiment, "rich", rich),
            directions(self._experiment, "lazy", lazy),
            kernel_picture(self._experiment, "before", lazy, start=True),
            kernel_picture(self._experiment, "rich", rich),
        )

    @property
    def _ends(self) -> tuple[int, int]:
        """The first seed's networks of the smallest and of the largest alpha."""
        from engine.phenomena.lazy_training.members import chosen

        members, m = self._experiment.members, self.config.m
        return chosen(members, self._alphas[0], m)[0], chosen(members, self._alphas[-1], m)[0]

    def markers(self) -> tuple[Marker, ...]:
        """Where laziness begins, and the residual at which networks rest."""
        found = [Marker("training", "y", self.config.tol**2, "at rest")]
        if self._alphas[0] < LAZY < self._alphas[-1]:
            found.append(Marker("*-change", "x", LAZY, "lazy from about here"))
        return tuple(found)

    # ------------------------------------------------------------ claims and storage

    def verdicts(self) -> tuple[Verdict, ...]:
        """Every claim, decided when every alpha has finished."""
        evidence = self._evidence()
        return tuple(ready or judge(claim, evidence) for claim, ready in self.claims())

    def _evidence(self) -> Evidence:
        from engine.phenomena.lazy_training.experiment import COLUMNS
        from engine.phenomena.lazy_training.members import chosen

        experiment, m = self._experiment, self.config.m
        numbers = np.array([chosen(experiment.members, alpha, m) for alpha in self._alphas])  # (A, seeds)
        table = {name: experiment.column(name)[numbers] for name in COLUMNS}
        limit = np.array([experiment.students[m, place].limit_error for place in range(len(self.seeds))])
        over = bool(experiment.over[numbers].all()) or (self.done and self.step == self.total)
        return Evidence(self._alphas, table, limit, experiment.start, over)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first seed's problem and networks.

        X (n, d), y (n,), X_test, y_test; teacher (k, d) and signs (k,); W0 (m, d), a0 (m,) before training; alphas (A,), W (A, m, d),
        a (A, m) after it, in their order; K0 (n, n).
        """
        from engine.phenomena.lazy_training.members import chosen

        experiment, m = self._experiment, self.config.m
        problem, student = experiment.problems[0], experiment.students[m, 0]
        after = [experiment.weights(chosen(experiment.members, alpha, m)[0]) for alpha in self._alphas]
        return {
            "X": problem.X, "y": problem.y, "X_test": problem.X_test, "y_test": problem.y_test, "teacher": problem.teacher,
            "signs": problem.signs, "W0": student.W, "a0": student.a, "alphas": self._alphas,
            "W": np.stack([W for W, _ in after]), "a": np.stack([a for _, a in after]),
            "K0": experiment.kernel(self._ends[0], start=True),
        }  # fmt: skip

    def state(self) -> State:
        """Return every network's weights and place, and the latest readings."""
        state = self._experiment.state()
        return State(state.arrays, {"experiment": state.scalars, "total": self.total, "step": self.step})

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._experiment.restore(State(state.arrays, state.scalars["experiment"]))
        self.total, self.step = state.scalars["total"], state.scalars["step"]
        self.notes = (self._memory, *self._unfitted())
