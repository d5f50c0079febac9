"""Interpolation threshold: Where does a model first fit its data exactly, and why is that the worst place to stop?

The number of features d sweeps through the number of samples n. The training error of least squares reaches 0 at d = n, where
the smallest eigenvalue touches 0 and norm, condition number and test error of the solution blow up together; beyond, the
solution of least norm grows smaller and better again.

Belkin, Hsu, Ma, Mandal 2019, arXiv:1812.11118; Belkin, Hsu, Xu 2020, arXiv:1903.07571; Hastie, Montanari, Rosset, Tibshirani
2022, arXiv:1903.08560; Marchenko, Pastur 1967; Edelman 1988; Cover 1965.

Letters: n samples, d features, X (n, d), gamma = d/n; y (n,) = X b + noise, |b|^2 = r2, noise variance sigma2; w (d,) the
least-squares solution of least norm. Draws are nested: d features are the first d columns whatever d is, and y is made from
these alone, so that the problem is well-specified at every d. All test errors are exact (the covariance is known). Draws are
pooled over the seeds: draw j is draw j // K of seed j mod K.

Order: 30
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from engine.contract import Axis, Config, Figure, Marker, Picture, PictureSpec, Preset, Series, Spec, Verdict, knob
from engine.phenomena.interpolation_threshold.claims import CLAIMS, Evidence, judge, spectral_distance
from engine.phenomena.interpolation_threshold.sweep import QUANTITIES, sweep_widths
from engine.phenomenon import geometric_grid
from engine.state import State
from engine.transition import OldPhenomenon

if TYPE_CHECKING:
    from engine.phenomena.interpolation_threshold.draws import ThresholdDraws

MOST = 10  # d/n up to which features can be asked for
AT_ONCE = 0.03  # seconds for the spectrum when d is turned
SLOW = 100_000  # entries of X from which the first draw takes so long that theory is shown before it

DIGITS = "digits: 100 images a draw and 1,000 to test, ten one-hot outputs whose errors and squared norms are added"
NOISELESS = "without label noise every fit below n is exact too, and neither test error nor norm peaks"


class InterpolationThresholdConfig(Config):
    """Knobs of the sweep."""

    n: int = knob(100, "training samples", ge=10, le=2000, log=True)
    d_max: float = knob(4.0, "largest number of features, as a multiple of n", ge=1.0, le=MOST, unit="n")
    sigma: float = knob(0.5, "deviation of the label noise", ge=0.0, le=3.0)
    r2: float = knob(1.0, "squared length of the true weights", ge=0.0, le=10.0)
    spectrum: Literal["isotropic", "power", "exponential"] = knob("isotropic", "variances of the features: 1, 1/k or exp(-k/n)")
    draws: int = knob(50, "draws of the whole problem, pooled over the seeds", ge=1, le=1000, log=True)
    entries: Literal["gaussian", "rademacher"] = knob("gaussian", "law of the entries of X: normal, or +1 and -1")
    d: float = knob(0.5, "features whose eigenvalues are shown, as a multiple of n", ge=0.05, le=MOST, unit="n", live=True, log=True)
    digits: bool = knob(False, "also sweep through the pixels of 100 real digits")

    @model_validator(mode="after")
    def _has_targets(self) -> InterpolationThresholdConfig:
        if self.sigma == 0 and self.r2 == 0:
            raise ValueError("sigma and r2 must not both be 0: without signal and noise every target is 0")
        return self


PRESETS = (
    Preset("quick", "n = 100, Gaussian features, 50 draws", {}, "arXiv:1903.07571"),
    Preset(
        "standard",
        "n = 400, 200 draws of three seeds, and the pixels of real digits",
        {"n": 400, "draws": 200, "digits": True},
        "arXiv:1903.07571; digits as in arXiv:1812.11118",
        seeds=3,
    ),
)

GAMMA, ERROR = Axis("d/n"), "MSE"
FIGURES = (
    Figure("test-mse", "Test error", GAMMA, Axis(ERROR, log=True), ("test-mse/*",), "noise of the test label included"),
    Figure("train-mse", "Training error", GAMMA, Axis(ERROR, lo=0.0), ("train-mse/*",)),
    Figure("norm", "Squared norm", GAMMA, Axis("|w|^2", log=True), ("norm/*",)),
    Figure(
        "eigenvalues", "Eigenvalues at d", Axis("eigenvalue of X^T X/n"), Axis("density", lo=0.0), ("eigenvalues/*",),
        "bar left of 0: share that is 0; density of the others",
    ),
    Figure("smallest-eigenvalue", "Smallest eigenvalue above 0", GAMMA, Axis("of X^T X/n", log=True), ("smallest-eigenvalue/*",)),
    Figure("condition-number", "Condition number", GAMMA, Axis("s_max/s_min", log=True), ("condition-number/*",)),
)  # fmt: skip
PICTURES = (
    PictureSpec("training-error", "Training error by n, d"),
    PictureSpec("separability", "Separable random labels"),
)

NOTES = """
## What to notice

- **Training error** falls on a straight line, `sigma2 (1 - d/n)`, and is 0 from `d = n` on, to the last digit.
- At the same d the **smallest eigenvalue** touches 0. What lies in its direction is divided by nearly nothing: **norm**,
  **condition number** and **test error** peak together, and only there.
- Beyond n the training error cannot tell solutions apart. The one of least norm *shrinks* with every further feature.
- Turn **d** through 1: the gap between 0 and the lower edge `(1 - sqrt(d/n))^2` closes at d = n and opens again, and beyond it
  `d - n` eigenvalues are exactly 0 (the bar at the left). These directions are not the problem; the nearly-zero ones are.
- Draws differ wildly at the threshold. Means do not exist at `|d-n| <= 1`, variances not at `|d-n| <= 3`: curves are
  **medians with quartiles** (dots around), while the exact curve of the mean goes to infinity there.
- The two maps: least squares fits exactly from `d = n`, a linear *classifier* separates random labels from `d = n/2`.

## Formulas

- Training error: `E = sigma2 (1 - d/n)` up to n (what a fit omits of the signal adds to sigma2), then 0.
- Norm: `E|w|^2 = r2 n/d + sigma2 n/(d-n-1)` for `d >= n+2`, `r2 + sigma2 d/(n-d-1)` for `d <= n-2`, infinite between.
- Test error: `sigma2 (1 + d/(n-d-1))` below, `r2 (1 - n/d) + sigma2 (1 + n/(d-n-1))` above. Isotropic features climb again
  towards `r2 + sigma2`: a second valley that is deeper than the first needs features that are chosen or learnt.
- Marchenko-Pastur density of `X^T X/n`: `sqrt((e2-x)(x-e1))/(2 pi gamma x)` between `e = (1 -+ sqrt(gamma))^2`, mass `1 - 1/gamma` at 0.
- The smallest eigenvalue of one draw lies 5-26 % above the edge: with `N = max(n,d) - 1/2`, `M = min(n,d) - 1/2`,
  `g = sqrt(N) - sqrt(M)`, its mean is near `(g^2 + 1.2065 g (1/sqrt(M) - 1/sqrt(N))^(1/3))/n`; at d = n its median is `.297/n^2`.
- Cover: n random labels in d dimensions are separable with probability `2^(1-n) sum_{k<d} C(n-1, k)`, one half at `n = 2d`.

## Where the textbook is imprecise

- "The threshold is at d = n, approximately": exact for least squares on generic data; `n = 2d` for linear classification of random
  labels; `nK` parameters for K one-hot outputs (the digits: 10 outputs of d weights each). For networks it is wherever the
  training error vanishes, not a count of parameters.
- "Number of parameters = number of samples" fails for pixels as they come: constant and dependent ones add nothing to the rank.
  Here dependent pixels come last.
- A formula without the scaling of X (by `sqrt(n)`, `sqrt(d)`) does not say where an eigenvalue is.

## References

Belkin, Hsu, Ma, Mandal 2019, arXiv:1812.11118 (their random Fourier features: preset `belkin-rff` of double-descent). Belkin, Hsu, Xu
2020, arXiv:1903.07571. Hastie et al. 2022, arXiv:1903.08560. Marchenko, Pastur 1967. Edelman 1988. Cover 1965.
"""


class InterpolationThreshold(OldPhenomenon):
    """Least squares on nested features, draw after draw."""

    spec: ClassVar[Spec] = Spec(
        name="interpolation-threshold",
        title="Interpolation threshold",
        question="Where does a model first fit its data exactly, and why is that the worst place to stop?",
        config=InterpolationThresholdConfig,
        presets=PRESETS,
        figures=FIGURES,
        pictures=PICTURES,
        claims=CLAIMS,
        notes=NOTES,
        experiment=__name__,
        references=("arXiv:1812.11118", "arXiv:1903.07571", "arXiv:1903.08560"),
        instant=True,
    )

    def __init__(self, config: Config, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        from engine.phenomena.interpolation_threshold.curves import ThresholdCurves
        from engine.phenomena.interpolation_threshold.design import Design, variances
        from engine.phenomena.interpolation_threshold.maps import separability_map

        super().__init__(config, seeds, device, preset)
        c = self.config
        self.unit, self.total = "draw", c.draws
        self._design = Design(c.n, variances(c.spectrum, c.n, MOST * c.n), c.entries, c.r2, c.sigma)
        self._draws = self._prepare()
        self._slices = self._draws.slices()
        self._curves = ThresholdCurves(self._design, self._draws)
        self._cover = separability_map(self._draws.rows, self._draws.columns)
        self.notes = tuple(said for there, said in ((c.digits, DIGITS), (c.sigma == 0, NOISELESS)) if there)
        slow = c.n * self._draws.widths[-1] > SLOW
        self._grid = geometric_grid(c.draws, 10)[0 if slow else 1 :]

    def _prepare(self) -> ThresholdDraws:
        from engine.phenomena.interpolation_threshold import pixel_sweep
        from engine.phenomena.interpolation_threshold.draws import Arm, ThresholdDraws

        c = self.config
        digits = Arm(pixel_sweep.N, sweep_widths(pixel_sweep.N, c.d_max), pixel_sweep.pixel_sweep) if c.digits else None
        return ThresholdDraws(self._design, self.seeds, c.draws, sweep_widths(c.n, c.d_max), self._shown_d, digits)

    @property
    def _shown_d(self) -> int:
        d: int = round(self.config.d * self.config.n)
        return max(2, d)

    # ------------------------------------------------------------ drawing

    @property
    def done(self) -> bool:
        """Whether all draws, and the maps and spectra that go with them, are there."""
        return self._draws.complete

    def advance(self, budget: float) -> None:
        """Draw for about `budget` seconds, stopping where a draw must be measured."""
        deadline = time.monotonic() + budget
        for _ in self._slices:
            self.step = self._draws.done
            if self.due() or time.monotonic() >= deadline:
                return

    def due(self) -> bool:
        """Whether the present number of draws is on the grid and has not been measured."""
        measured = self.history.steps[-1] if self.history.steps else -1
        return self.step > measured and self.step in self._grid

    def measure(self) -> dict[str, Any]:
        """Return medians at d = n, the largest residual from n on, and the distance of the spectrum to its law."""
        record: dict[str, Any] = {"draws": self.step}
        if self.step:
            sweeps, widths = self._draws.sweeps[: self.step], self._draws.widths
            at_n = np.median(sweeps[:, widths == self.config.n, :5], axis=(0, 1))
            record |= {f"{name}-at-n": value for name, value in zip(QUANTITIES, at_n, strict=False)}
            record["residual-from-n"] = sweeps[:, widths >= self.config.n, 5].max()
        if self._draws.shown_done and self._curves.isotropic:
            record["spectral-distance"] = spectral_distance(self.config.n, self._draws.shown_d, self._draws.shown[: self._draws.shown_done])
        return {name: float(value) for name, value in record.items() if np.isfinite(value)}

    def set_knob(self, name: str, value: Any) -> None:
        """Show the eigenvalues at another d, of the first draws at once; the sweeps stay."""
        super().set_knob(name, value)
        self._draws.show(self._shown_d)
        self._slices = self._draws.slices()
        deadline = time.monotonic() + AT_ONCE
        while self._draws.behind and time.monotonic() < deadline:
            next(self._slices)

    # ------------------------------------------------------------ what is shown

    def series(self) -> tuple[Series, ...]:
        """Medians with quartiles over draws, theory, and the histogram of eigenvalues."""
        return self._curves.series()

    def pictures(self) -> tuple[Picture, ...]:
        """Training error and separability over n and d."""
        return self._curves.pictures()

    def markers(self) -> tuple[Marker, ...]:
        """The threshold, the spectrum's edges, the valley beyond."""
        return self._curves.markers()

    def verdicts(self) -> tuple[Verdict, ...]:
        """Every claim, decided by the draws so far."""
        evidence = self._evidence
        return tuple(ready or judge(claim, evidence) for claim, ready in self.claims())

    @property
    def _evidence(self) -> Evidence:
        c, draws, design = self.config, self._draws, self._design
        return Evidence(
            n=c.n, sigma2=c.sigma**2, r2=c.r2, widths=draws.widths, sweeps=draws.sweeps[: draws.done],
            spectra={d: values[: draws.done] for d, values in draws.spectra.items()},
            separable=draws.separable / max(1, draws.maps_done), cover=self._cover, map_rows=draws.rows, map_columns=draws.columns,
            labelled=draws.maps_done, isotropic=self._curves.isotropic, general_position=design.entries == "gaussian",
            total=len(draws.sweeps),
        )  # fmt: skip

    # ------------------------------------------------------------ storage

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first draw at the shown d, and all curves.

        X (n, d), y (n,), w_star (d,) the true and w (d,) the fitted weights; eigenvalues (d,) of X^T X/n; risk_p (k,) numbers of
        features with risk_measured (median) and risk_theory (mean) test MSE; sweeps (draws, k, quantities);
        map_n, map_d, train_error and separable (map_n, map_d), cover alike: Cover's probability.
        """
        from engine.theory.linear_models.nested_fits import nested_fits

        draws, d, n = self._draws, self._draws.shown_d, self.config.n
        problem = self._design.draw(draws.streams_of(0), d)
        fit = next(nested_fits(problem.X, [d]))
        done = draws.sweeps[: draws.done]
        maps = max(1, draws.maps_done)
        return {
            "X": problem.X, "y": problem.targets(d), "w_star": problem.weights(d), "w": fit.solve(problem.targets(d)),
            "eigenvalues": np.append(np.zeros(max(0, d - n)), fit.eigenvalues / n), "risk_p": draws.widths,
            "risk_measured": np.median(done[:, :, QUANTITIES.index("test-mse")], axis=0) if len(done) else np.zeros(0),
            "risk_theory": self._curves.risk, "quantities": np.array(QUANTITIES), "sweeps": done, "map_n": draws.rows,
            "map_d": draws.columns, "train_error": draws.train_map / maps, "separable": draws.separable / maps, "cover": self._cover,
        }  # fmt: skip

    def state(self) -> State:
        """Return the finished draws; each has its own random streams, so nothing else is needed."""
        return State(self._draws.arrays(), {"maps": self._draws.maps_done, "shown_d": self._draws.shown_d})

    def restore(self, state: State) -> None:
        """Take up the finished draws."""
        self._draws.restore(state.arrays, state.scalars["maps"], state.scalars["shown_d"])
        self.step = self._draws.done
        self._slices = self._draws.slices()
