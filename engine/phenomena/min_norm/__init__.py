"""Minimum norm: Among infinitely many weights that fit, which does gradient descent reach?

From zero, the one of smallest Euclidean norm: descent never leaves the rows of X. Other starts keep their part outside of them; other
parameterisations and optimisers reach other, computable, points. Curves of gradient descent come from one singular value
decomposition at once; the true iterations then run on top of them, six optimisers, five diagonal networks and three products of
matrices step for step.

Gunasekar, Lee, Soudry, Srebro 2018, arXiv:1802.08246; Wilson et al. 2017, arXiv:1705.08292; Woodworth et al. 2020, arXiv:2002.09277;
Arora, Cohen, Hu, Luo 2019, arXiv:1905.13655; Ali, Kolter, Tibshirani 2019, arXiv:1810.10082.

Letters: n samples, d >= n features, X (n, d) of standard normal entries, y (n,) = X w_star + noise, |w_star|^2 = r2; w_t (d,) weights
after t steps on .5 |X w - y|^2, w_hat their limit. Every seed draws problems of its own; curves are medians with the range of the
seeds. The draws behind the mean norm are pooled: draw j is draw j // K of seed j mod K.

Order: 40
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cached_property, partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from engine.contract import Axis, Config, Figure, Marker, Picture, PictureSpec, Preset, Series, Spec, Verdict, knob
from engine.errors import Diverged
from engine.phenomena.min_norm.claims import CLAIMS, Evidence, judge
from engine.phenomenon import geometric_grid
from engine.seeds import streams
from engine.state import State
from engine.transition import OldPhenomenon

if TYPE_CHECKING:
    from engine.phenomena.min_norm.curves import MinNormCurves

NETWORK = (8, 30)  # samples and features of the diagonal networks beside another parameterisation
FIRST_LOOK = 0.03  # seconds of theory before the first curves are shown
PARTS = {"linear": "linear", "diagonal": "network", "deep-matrix": "matrix"}


class MinNormConfig(Config):
    """Knobs of the problem, the optimisers and the parameterisations."""

    n: int = knob(6, "samples", ge=1, le=500, log=True)
    d: int = knob(40, "features, at least n", ge=2, le=2000, log=True)
    eta: float = knob(0.5, "step size; beyond 1 gradient descent diverges", ge=0.0, le=2.0, unit="of 2/s_max^2", label="step size eta")
    w0: float = knob(0.0, "length of the start", ge=0.0, le=5.0, label="start |w0|")
    angle: float = knob(
        160.0, "direction of the start in the picture (at w0 = 0: of a second one)", ge=0.0, le=360.0, unit="degrees", live=True
    )
    optimiser: Literal["gd", "sgd", "momentum", "nesterov", "adam", "sign"] = knob(
        "gd", "whose norms, directions and path are shown", live=True
    )
    beta: float = knob(0.9, "momentum of momentum and nesterov", ge=0.0, le=0.99)
    param: Literal["linear", "diagonal", "deep-matrix"] = knob("linear", "which parameterisation the training figures follow")
    alpha: float = knob(1.0, "scale of the diagonal network's start", ge=1e-4, le=10.0, log=True)
    steps: int = knob(4000, "steps of the chosen parameterisation", ge=1, le=1_000_000, unit="steps", log=True)
    r2: float = knob(1.0, "squared length of the true weights", ge=0.0, le=10.0)
    sigma: float = knob(0.5, "deviation of the label noise", ge=0.0, le=3.0)
    draws: int = knob(200, "draws of the mean norm, pooled over the seeds", ge=1, le=5000, log=True)
    nonzeros: int = knob(2, "unit entries of the diagonal network's target", ge=1, le=30)
    side: int = knob(20, "side of the matrix to complete", ge=4, le=200, log=True)
    rank: int = knob(2, "rank of the matrix to complete", ge=1, le=20)
    share: float = knob(0.4, "share of its entries that is seen", ge=0.05, le=1.0)
    scale: float = knob(1e-3, "size of the first product of its factors", ge=1e-6, le=1.0, log=True)
    depth: int = knob(3, "factors of the product whose norms are shown", ge=2, le=4, live=True)

    @model_validator(mode="after")
    def _has_solutions(self) -> MinNormConfig:
        if self.d < self.n:
            raise ValueError(f"d must be at least n={self.n}: fewer features than samples fit no targets exactly, got {self.d}")
        if self.sigma == 0 and self.r2 == 0:
            raise ValueError("sigma and r2 must not both be 0: without signal and noise every target is 0")
        if self.rank > self.side:
            raise ValueError(f"rank must be at most side={self.side}, got {self.rank}")
        if self.param == "diagonal" and self.nonzeros > self.d:
            raise ValueError(f"nonzeros must be at most d={self.d}, got {self.nonzeros}")
        return self


PRESETS = (
    Preset("quick", "n=6, d=40 and six optimisers; networks of 8 x 30; a 20 x 20 matrix", {}, "arXiv:1802.08246; arXiv:2002.09277"),
    Preset(
        "standard", "n=100, d=400, three seeds; a 40 x 40 matrix", {"n": 100, "d": 400, "side": 40, "share": 0.25},
        "arXiv:1802.08246; arXiv:1905.13655", seeds=3,
    ),
    Preset(
        "woodworth", "diagonal networks, d=1000, n=100, 5 non-zeros",
        {"param": "diagonal", "n": 100, "d": 1000, "nonzeros": 5, "eta": 0.2, "alpha": 0.1, "steps": 20_000, "draws": 50},
        "arXiv:2002.09277",
    ),
    *(
        Preset(
            f"arora-dmf-{seen}", f"100 x 100 matrix of rank 5, {seen} entries seen",
            {"param": "deep-matrix", "side": 100, "rank": 5, "share": seen / 1e4, "eta": 0.25, "steps": 50_000},
            "arXiv:1905.13655, Fig. 1, 2",
        )
        for seen in (2000, 5000)
    ),
)  # fmt: skip

STEP = Axis("step", log=True, lo=1)
FIGURES = (
    Figure("distance", "Distance to X⁺y", STEP, Axis("|w - X⁺y| / |X⁺y|", log=True), ("distance/*",)),
    Figure("null-component", "Part outside the rows of X", STEP, Axis("|P w| / |w|", log=True), ("null-component/*",),
           "rounding error stands for 0"),
    Figure("train-loss", "Training loss", STEP, Axis("|X w - y|²/2", log=True), ("train-loss/*",)),
    Figure("norms", "Norms", STEP, Axis("norm", log=True), ("norms/*",), "of the chosen run; least: of all weights that fit"),
    Figure("directions", "Progress per singular direction", STEP, Axis("share of the way", lo=-0.5, hi=2.0), ("directions/*",),
           "of the chosen run; of singular values, in deep-matrix"),
    Figure("alpha-sweep", "Network: l2 to l1", Axis("alpha", log=True), Axis("norm", log=True), ("alpha-sweep/*",)),
    Figure("matrix-completion", "Completing a matrix", STEP, Axis("relative error, all entries", log=True), ("matrix-completion/*",)),
    Figure("norm-vs-d", "Exercise 1: norm against d", Axis("d/n", log=True), Axis("|w*|", log=True), ("norm-vs-d/*",)),
)  # fmt: skip
PICTURES = (PictureSpec("plane", "Every point of the line fits"),)

NOTES = """
## What to notice

- **The picture** is the theorem for n = 1, d = 2. Every point of the line has loss 0; circles are `|w|^2 = c`. Gradient descent can
  only move along x, so from 0 it lands where the smallest circle touches: `w* = X^+ y`. Move the start (**w0**, **angle**): it lands
  elsewhere, straight across. Choose **adam**: it leaves at an angle and finds another point.
- **Distance**: descent from 0, SGD, momentum and Nesterov go down to rounding error; they stay in `w_0 + rowspace(X)`. Adam and sign
  descent stop short of it, at a loss of 0 all the same. So does descent from elsewhere, by exactly the part of `w_0` that no row of
  X sees (dotted line).
- **Part outside the rows**: 1e-16 for descent from 0, at every step, even while it diverges.
- **Directions**: each moves alone, as `1 - (1 - eta s^2)^t`. Large singular values first: stopping early keeps them only.
- **Norms**: each kind has its own smallest interpolator. Descent ends on the l2 line only, Adam on none.
- Turn **eta** beyond 1: the largest direction grows by `|1 - eta s^2|` a step while the others still converge.
- **Diagonal network**: large alpha gives the l2 interpolator (kernel regime), small alpha the l1 one (rich regime). The passage is
  logarithmic: at alpha = .001 the sparse target is nearly, not quite, found.
- **Matrix**: products of 3 or 4 small factors find a lower rank than the least nuclear norm. No norm explains that.
- **Exercise 1**: with one y, every appended column can only shrink `|w*|`: the old solution still fits.

## Formulas

- `.5 |X w - y|^2`, `X = U S V^T`: `w_t = (I - eta X^T X)^t w_0 + V diag((1 - (1 - eta s^2)^t)/s) U^T y`, limit
  `X^+ y + P_null w_0` for `0 < eta < 2/s_max^2`; flow has `exp(-s^2 T)` for the power. Heavy ball converges up to
  `(1 + beta) 2/s_max^2`, Nesterov only up to `(1 + beta)/(1 + 2 beta)` of it.
- Mirror descent with potential psi reaches `argmin {D_psi(w, w_0) : X w = y}` whatever the step. Adam's limit depends on it; where
  `X sign(X^T y) = c y` it is a multiple of `sign(X^T y)` (Wilson's lemma).
- `w = u*u - v*v` from `u = v = alpha`: `argmin {alpha^2 sum q(w_i/alpha^2)}`, `q(z) = 2 - sqrt(4 + z^2) + z asinh(z/2)`;
  optimal where `asinh(w/(2 alpha^2))` lies in the row space.
- N factors: `sigma' = -N (sigma^2)^(1-1/N) <grad, u v^T>`: what is large grows faster.
- `E|w*|^2 = r2 n/d + sigma2 n/(d-n-1)`; at d = 2n `r2/2 + sigma2 n/(n-1)`.
- Flow stopped at time t against ridge 1/t: Bayes risk at most 1.69 times as large.

## Where the textbook is imprecise

- Its loss `|X w - y|^2` has the gradient `2 X^T (X w - y)`, and no step is named: with its loss the condition is
  `0 < eta < 1/s_max^2`.
- "Exact only for gradient descent from zero": momentum, Nesterov and SGD share the limit, and so does every start in the row space;
  any other start gives `X^+ y + P_null w_0`.
- "Minimum norm is maximum smoothness": in a suitable basis only. And a small norm is a bias, not a promise: the better of Zhang's
  two kernels had the larger norm.

## References

Gunasekar et al. 2018, arXiv:1802.08246. Wilson et al. 2017, arXiv:1705.08292. Woodworth et al. 2020, arXiv:2002.09277. Arora et al.
2019, arXiv:1905.13655. Ali et al. 2019, arXiv:1810.10082. Zhang et al. 2017, arXiv:1611.03530.
"""


class MinNorm(OldPhenomenon):
    """Optimisers, networks and products of every seed, side by side, with the draws of exercise 1."""

    spec: ClassVar[Spec] = Spec(
        name="min-norm",
        title="Minimum norm",
        question="Among infinitely many weights that fit, which does gradient descent reach?",
        config=MinNormConfig,
        presets=PRESETS,
        figures=FIGURES,
        pictures=PICTURES,
        claims=CLAIMS,
        notes=NOTES,
        experiment=__name__,
        references=("arXiv:1802.08246", "arXiv:1705.08292", "arXiv:2002.09277", "arXiv:1905.13655", "arXiv:1810.10082"),
        instant=True,
    )

    def __init__(self, config: Config, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        from engine.phenomena.min_norm.draws import NormDraws, drawn_widths, nested_widths
        from engine.phenomena.min_norm.lanes import Lane, Lanes, Tasks, in_step

        super().__init__(config, seeds, device, preset)
        c = self.config
        self.total = c.steps
        self._grid = geometric_grid(c.steps)
        self._widths = nested_widths(c.n, c.d)
        self._build()
        self._draws = NormDraws(c.n, drawn_widths(c.n, c.d), c.draws, c.r2, c.sigma**2, seeds)
        lanes = {f"{s}/{name}/{lane}": made for name, parts in self._parts.items() for s, part in enumerate(parts)
                 for lane, made in part.lanes.items()}  # fmt: skip
        entries = c.draws * len(self._draws.widths)
        self._lanes = Lanes({**lanes, "draws": Lane(self._draws, in_step(self._grid, entries))})
        self._tasks = Tasks(self._theory())
        self._begun = self._told = False

    def _build(self) -> None:
        from engine.phenomena.min_norm import matrix, network
        from engine.phenomena.min_norm.lanes import in_step
        from engine.phenomena.min_norm.linear import LinearDesign, LinearPart

        c, grid = self.config, self._grid
        design = LinearDesign(c.n, c.d, c.r2, c.sigma, c.eta, c.beta, c.w0)
        columns, others = int(self._widths[-1]), c.param == "linear"
        self._linear = [LinearPart(design, streams(seed), grid, columns, others) for seed in self.seeds]
        own = c.param == "diagonal"
        size, fraction = ((c.n, c.d), c.eta) if own else (NETWORK, network.FRACTION)
        goals = grid if own else in_step(grid, network.STEPS)
        self._network = [network.NetworkPart((*size, c.nonzeros, seed), c.alpha, goals, fraction) for seed in self.seeds]
        deep = c.param == "deep-matrix"
        steps, fraction = (c.steps, c.eta) if deep else (matrix.STEPS, matrix.FRACTION)
        self._matrix = [matrix.MatrixPart(c.side, c.rank, c.share, seed, c.scale, grid, steps, fraction) for seed in self.seeds]

    @property
    def _parts(self) -> dict[str, list[Any]]:
        return {"linear": self._linear, "network": self._network, "matrix": self._matrix}

    def _theory(self) -> dict[Hashable, Callable[[], Any]]:
        """Lines of theory that take longer than the closed form, in the order in which they are wanted."""
        from engine.phenomena.min_norm.network import SWEPT
        from engine.phenomena.min_norm.records import least_norm
        from engine.theory.linear_models.norm_law import nested_norms

        found: dict[Hashable, Callable[[], Any]] = {}
        for s, (run, network) in enumerate(zip(self._linear, self._network, strict=True)):
            squares = run.problem.squares
            found["nested", s] = partial(nested_norms, run.problem.wide, squares.y, self._widths)
            if self.config.param == "diagonal":
                found["flow", s] = partial(network.flow, self._grid[1:].astype(np.float64))
            found |= {("limit", s, alpha): partial(network.limit, alpha) for alpha in SWEPT}
            if s == 0:
                found |= {("linear", order, s): partial(least_norm, squares, order) for order in ("l2", "l1", "linf")}
                found |= {("network", order, s): partial(least_norm, network.problem, order) for order in ("l2", "l1", "linf")}
        return found

    # ------------------------------------------------------------ running

    @property
    def _target(self) -> int:
        """The measuring point that is worked towards."""
        return int(np.searchsorted(self._grid, self.history.steps[-1], side="right")) if self.history.steps else 0

    @property
    def done(self) -> bool:
        """Whether the last step has been measured, and a divergence been told."""
        return self._target == len(self._grid) and (self._told or not self._lost)

    def advance(self, budget: float) -> None:
        """Work for about `budget` seconds, never past the next step to be measured.

        Raises:
            Diverged: at the end, when gradient descent or the chosen optimiser has left for infinity.
        """
        if self._target == len(self._grid):
            self._told, self.notes = True, self.notes[:-1]  # the sentence now stands for itself
            raise Diverged(self._lost, f"lower step size eta (it is {self.config.eta:g})")
        deadline = perf_counter() + (budget if self._begun else FIRST_LOOK)
        self._begun = True
        if not self._tasks.done:
            self._tasks.advance(deadline)
        if self._lanes.advance(self._target, deadline):
            self.step = int(self._grid[self._target])

    def due(self) -> bool:
        """Whether the next measuring point is reached, at the last one with all of theory."""
        if not self._begun or self._target == len(self._grid):
            return False
        return self._lanes.reached(self._target) and (self._tasks.done or self._target < len(self._grid) - 1)

    def measure(self) -> dict[str, Any]:
        """Return every reading of every arm and seed."""
        from engine.phenomena.min_norm.records import record

        still = ("step size eta is 0: gradient descent stays where it starts",) if self.config.eta == 0 else ()
        self.notes = (*still, *self._tasks.refusals, *((self._lost,) if self._lost else ()))
        return record(self._parts)

    @property
    def _lost(self) -> str:
        """What diverges of gradient descent and the optimiser that is shown; nothing if all goes well."""
        c = self.config
        part = PARTS[c.param]
        arms = {"gd", c.optimiser} if part == "linear" else set(self._curves.records.arms[part])
        gone = [arm for arm in self._curves.records.arms[part] if arm in arms and self._curves.records.end(part, arm) is not None]
        if not gone:
            return ""
        growth = self._linear[0].problem.squares.growth_factor(self._linear[0].eta)
        why = f"a step multiplies its error by {growth:.3g}" if gone[0] == "gd" else "its weights grow without bound"
        limit = "" if part != "linear" else " times the limit 2/s_max^2"
        return f"{self._curves.label(gone[0])} diverged: eta is {c.eta:g}{limit}, {why} (seen up to step {self.step:,})"

    # ------------------------------------------------------------ what is shown

    @cached_property
    def _curves(self) -> MinNormCurves:
        from engine.phenomena.min_norm.curves import MinNormCurves
        from engine.phenomena.min_norm.records import Records

        records = Records(self.history.column, len(self.seeds), {name: part[0].arms for name, part in self._parts.items()})
        return MinNormCurves(
            PARTS[self.config.param], self._linear, self._network, self._matrix, self._draws, records, self._tasks.results, self._grid,
            self._widths,
        )  # fmt: skip

    def series(self) -> tuple[Series, ...]:
        """Every curve."""
        return self._curves.series(self.config.optimiser if self.config.param == "linear" else "gd", self.config.depth)

    def markers(self) -> tuple[Marker, ...]:
        """What a start keeps, rounding, where arms diverge, the chosen alpha and d."""
        return self._curves.markers()

    def pictures(self) -> tuple[Picture, ...]:
        """The plane with the paths from the chosen start."""
        from engine.phenomena.min_norm.plane import PlaneView, plane_picture

        c = self.config
        alpha = c.alpha if c.param == "diagonal" else None
        view = PlaneView(c.eta, c.w0, c.angle, c.optimiser, c.beta, alpha)
        if self._plane is None or self._plane[0] != view:
            self._plane = view, plane_picture(view)
        return (self._plane[1],)

    _plane: tuple[Any, Picture] | None = None

    # ------------------------------------------------------------ claims and storage

    def verdicts(self) -> tuple[Verdict, ...]:
        """Every claim, decided as soon as it can be."""
        evidence = self._evidence()
        return tuple(ready or judge(claim, evidence) for claim, ready in self.claims())

    def _evidence(self) -> Evidence:
        c, network = self.config, self._network
        nested = [self._tasks.results[key] for key in ((("nested", s)) for s in range(len(self.seeds))) if key in self._tasks.results]
        return Evidence(
            self._curves.records, self._linear, c.steps, self._target == len(self._grid), c.n, c.r2, c.sigma**2,
            network[0].alphas, [float(np.abs(part.problem.solution).sum()) for part in network],
            nested if len(nested) == len(self.seeds) else (), self._draws.widths, self._draws.squares[: self._draws.done],
        )  # fmt: skip

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first seed's problem in the chosen parameterisation, and its solution.

        X (n, d), y (n,), w_star (d,), w (d,) reached, w_hat (d,) predicted, singular_values; of deep-matrix W for w: w_star, w, w_hat
        (side, side) and observed. In every case norm_d (k,), norm_measured, norm_theory (k,): root mean squares of exercise 1.
        """
        from engine.theory.linear_models.norm_law import expected_squared_norm

        c, draws = self.config, self._draws
        mean = [expected_squared_norm(c.n, int(d), c.r2, c.sigma**2) for d in draws.widths]
        found: dict[str, NDArray[Any]] = {"norm_d": draws.widths, "norm_theory": np.sqrt(mean)}
        if draws.done:
            found["norm_measured"] = np.sqrt(np.mean(draws.squares[: draws.done], axis=0))
        return found | self._solution()

    def _solution(self) -> dict[str, NDArray[Any]]:
        c = self.config
        if c.param == "deep-matrix":
            part, depth = self._matrix[0], c.depth
            return {"w_star": part.problem.target, "observed": part.problem.observed, "w": part.w[part.arms.index(f"depth-{depth}")]}
        if c.param == "diagonal":
            net = self._network[0]
            squares, w_star, w, w_hat = net.problem, net.w_star, net.w[net.chosen], net.limit(c.alpha)
        else:
            run = self._linear[0]
            chosen = run.arms.index(c.optimiser)
            squares, w_star, w, w_hat = run.problem.squares, run.problem.w_star, run.w[chosen], run.limits[chosen]
        values = squares.singular_values
        return {"X": squares.X, "y": squares.y, "w_star": w_star, "w": w, "w_hat": w_hat, "singular_values": values}

    def state(self) -> State:
        """Return the weights, moments and random streams of every optimiser, and the draws."""
        return State(*self._lanes.state())

    def restore(self, state: State) -> None:
        """Continue from a state; theory is computed again."""
        self._lanes.restore(state.arrays, state.scalars)
