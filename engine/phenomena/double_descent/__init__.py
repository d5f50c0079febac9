"""Double descent: Does test error fall again beyond the interpolation threshold?

Least squares on the first p of D features, from p = 0 through p = n, where training error reaches zero, to p = D. Test error
falls, rises to a peak at p = n, and falls again. Whether the second valley is the lower one depends on the model, and the
best ridge removes the peak. Exact formulas stand over draws that are fitted for every p at once.

Belkin, Hsu, Mandal 2019, arXiv:1812.11118; Belkin, Hsu, Xu 2020, arXiv:1903.07571; Hastie, Montanari, Rosset, Tibshirani
2022, arXiv:1903.08560; Mei, Montanari 2022, arXiv:1908.05355; Nakkiran, Venkat, Kakade, Ma 2021, arXiv:2003.01897.

Letters: n samples, D features in a fixed order, p of them fitted (N where they are random features), b the true weights,
b_T and b_C those of the fitted and of the omitted features, r2 = |b|^2, sigma^2 the variance of the label noise. A step is one draw
of one seed; draws of several seeds are pooled (draw j of every seed before draw j+1 of any). One curve a seed on real digits, a
tenth of it a step, and draws of random ReLU features follow, at sizes of their own.

Order: 60
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from engine.contract import Axis, Claim, Config, Figure, Marker, Picture, PictureSpec, Preset, Series, Spec, Verdict, knob
from engine.state import State
from engine.transition import OldPhenomenon, old_verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.phenomena.double_descent.display import Curves, Kind
    from engine.phenomena.double_descent.experiment import Experiment

MOST_FEATURES = 10  # D over n
FEWEST_DIGITS = 50
FINISHED = object()  # what is left of a task at its end
MEASURED = (1, 2, 3, 5, 8)  # draws, and these times ten, a hundred, ...


class DoubleDescentConfig(Config):
    """Knobs of the nested least-squares problem and of its two companions."""

    n: int = knob(200, "training samples", ge=20, le=1000, log=True)
    D: int = knob(1000, "features, from n to 10n", ge=20, le=10000, log=True, label="D")
    sigma: float = knob(0.5, "standard deviation of the label noise", ge=0.0, le=2.0)
    r2: float = knob(1.0, "signal |b|^2", ge=0.0, le=10.0, label="r2")
    features: Literal["identity", "relu", "fourier"] = knob(
        "identity", "Gaussian inputs, random ReLU features, or random Fourier features of digits"
    )
    profile: Literal["flat", "head", "well-specified"] = knob(
        "head", "signal on all features alike, partly on the first, or all on those fitted"
    )
    head_k: int = knob(10, "first features that share the head's part of the signal, at most n/2", ge=1, le=500, log=True)
    head_share: float = knob(0.15, "part of the signal on the head", ge=0.0, le=1.0)
    spectrum: Literal["isotropic", "power"] = knob("isotropic", "variances of Gaussian features: all alike, or falling like k^-decay")
    decay: float = knob(1.0, "exponent of the power-law spectrum", ge=0.0, le=2.0)
    ridge: float = knob(0.0, "penalty lam of |Xw-y|^2 + lam |w|^2; 0 is minimum norm", ge=0.0, le=1e4, log=True)
    tuned: bool = knob(False, "take the best ridge at every p instead")
    draws: int = knob(20, "draws of the problem", ge=1, le=500, log=True, unit="draws per seed")
    d: int = knob(60, "dimensions of the inputs of ReLU features", ge=5, le=1000, log=True, label="d")
    noise: float = knob(0.0, "probability that a digit's label is replaced by a random one", ge=0.0, le=1.0)
    relu_draws: int = knob(5, "draws of the random-feature companion (n=180, d=60); 0 leaves it out", ge=0, le=100, log=True)
    digits: int = knob(500, "training images of the digit companion; 0 leaves it out", ge=0, le=2500, log=True)
    digit_features: int = knob(6000, "most random Fourier features of the digit companion", ge=100, le=12000, log=True)

    @model_validator(mode="after")
    def _has_a_solution(self) -> DoubleDescentConfig:
        if not self.n <= self.D <= MOST_FEATURES * self.n:
            raise ValueError(f"D must be between n={self.n} and {MOST_FEATURES}n={MOST_FEATURES * self.n}, got {self.D}")
        if self.head_k > self.n // 2:
            raise ValueError(f"head k must be at most n/2={self.n // 2}, got {self.head_k}")
        if self.sigma == 0 and self.r2 == 0:
            raise ValueError("sigma and r2 are both 0: without noise and signal there is nothing to fit; raise one of them")
        if 0 < self.digits < FEWEST_DIGITS:
            raise ValueError(f"digits must be 0 or at least {FEWEST_DIGITS}, got {self.digits}")
        if self.digits and self.digit_features <= self.digits:
            raise ValueError(f"digit features must exceed digits={self.digits} to pass the threshold, got {self.digit_features}")
        return self


ALONE = {"relu_draws": 0, "digits": 0}
PRESETS = (
    Preset(
        "quick", "a second valley below the first: misspecified Gaussian features, 20 draws, and one curve on 500 real digits",
        {}, "arXiv:1903.07571, with a head; arXiv:1812.11118 on 5,000 MNIST digits",
    ),
    Preset(
        "standard", "three seeds of 100 draws, Mei-Montanari, 1,000 real digits",
        {"draws": 100, "relu_draws": 10, "digits": 1000, "digit_features": 5000},
        "arXiv:1903.07571, arXiv:1908.05355, arXiv:1812.11118", seeds=3,
    ),
    Preset(
        "bhx-random-selection", "the paper's own size: no first valley, because no feature matters more than another",
        {"n": 40, "D": 100, "sigma": 0.2, "profile": "flat", "draws": 100, **ALONE}, "arXiv:1903.07571, Fig. 1 (unverified figure)",
    ),
    Preset(
        "hastie-isotropic", "well-specified, SNR 5: beyond the threshold a minimum, then the risk climbs to r2",
        {"D": 2000, "sigma": 1.0, "r2": 5.0, "profile": "well-specified", **ALONE}, "arXiv:1903.08560, Fig. 2 (unverified figure)",
    ),
    Preset(
        "mei-montanari", "random ReLU features without noise, n/d = 3",
        {"features": "relu", "n": 300, "d": 100, "D": 3000, "sigma": 0.0, "draws": 10, **ALONE},
        "arXiv:1908.05355, Fig. 1 (unverified figure)",
    ),
    Preset(
        "anisotropic", "variances that fall like 1/k: the deterministic equivalent over simulation",
        {"spectrum": "power", **ALONE}, "arXiv:1903.08560, Section 5",
    ),
    Preset(
        "noisy-digits", "random Fourier features of digits with a fifth of the labels replaced, min-norm beside the best ridge",
        {"features": "fourier", "n": 500, "D": 3000, "noise": 0.2, "draws": 5, **ALONE}, "arXiv:1812.11118, with label noise",
    ),
)  # fmt: skip

RATIO = Axis("p/n", lo=0.0)
MSE, PART = Axis("test MSE", log=True, hi=100.0), Axis("part of the risk", log=True, hi=100.0)  # the peak is infinite in any case
FIGURES = (
    Figure("test-mse", "Test error", RATIO, MSE, ("test-mse/*",), "over the noise of the test label as well"),
    Figure(
        "bias-variance", "Bias and variance", RATIO, PART, ("bias-variance/*",),
        "variance: over label noise; squared bias: the risk without label noise, in which omitted features act as noise",
        empty="needs a known true function: digits have none, so it fills with the knob features at identity or relu",
    ),
    Figure("norm", "Norm of the solution", RATIO, Axis("|w|^2", log=True), ("norm/*",)),
    Figure("ridge", "Ridge", RATIO, MSE, ("ridge/*",)),
    Figure(
        "rff", "Real digits, Fourier features", Axis("features N", log=True), Axis("MSE summed over classes, error", log=True), ("rff/*",),
        "test error is the share of 2,000 images misread", empty="fills with the knob digits above 0, as in preset quick",
    ),
    Figure(
        "random-features", "Random ReLU features", Axis("N/n", lo=0.0), MSE, ("random-features/*",),
        "n=180 points on a sphere of d=60 dimensions", empty="fills with the knob relu draws above 0, as in preset quick",
    ),
)  # fmt: skip

BHX, RF = "Belkin, Hsu, Xu 2020, arXiv:1903.07571", "Mei, Montanari 2022, arXiv:1908.05355"
CLAIMS = (
    Claim(
        "DD1", "Simulation lies on the exact curve", BHX,
        "mean test MSE at p at least 10 from n: Belkin-Hsu-Xu", "4 SE at 99 % of p", ("standard",),
    ),
    Claim("DD2", "The peak is at p = n", BHX, "argmax of the median: n", "1 feature"),
    Claim(
        "DD3", "The second minimum is lower only with misspecification", BHX, "head: yes; well-specified isotropic: no", "exact", ("quick",)
    ),
    Claim(
        "DD4", "The best ridge has no peak", "Nakkiran et al. 2021, arXiv:2003.01897",
        "mean risk over p, flat profile: non-increasing", "2 %; never above min-norm", ("quick",),
    ),
    Claim(
        "DD5", "Bias and variance are known fractions (exercise 2)", "Hastie et al. 2022, arXiv:1903.08560",
        "variance/sigma2: d/(n-d-1), n/(d-n-1); squared bias/r2: 0, 1-n/d", "5 %, d at least 20 from n", ("standard",),
    ),
    Claim("DD6", "The fast path is exact", "numpy.linalg.lstsq at 20 values of p", "difference 0", "1e-9 relative"),
    Claim("DD7", "Random ReLU features follow their limit", RF, "mean risk of 10 draws, N/n <= .6 or >= 2", "20 %", ("standard",)),
    Claim(
        "DD8", "Real digits peak at N = n", "Belkin et al. 2019, arXiv:1812.11118",
        "argmax n; peak over both minima; second below first", "one grid step; > 10; yes", ("quick",),
    ),
    Claim(
        "DD9", "Below n the noise error ignores the covariance", "Mourtada 2022, arXiv:1912.10754",
        "n=60, p=40, three spectra: p/(n-p-1)", "4 SE", ("quick",),
    ),
)  # fmt: skip

NOTES = """
## What to notice

- **Test error** falls, climbs to a peak at p = n and falls again. At p = n the last degree of freedom is spent on fitting noise
  exactly: the smallest singular value is about 1/sqrt(n), and both variance and **norm** explode.
- Beyond the peak nothing new is learnt about the noise; among more and more interpolators the shortest one is taken.
- Is the *second valley below the first*? With profile `head` yes: a few strong features make the first valley, and many weak ones,
  left out before the peak, act as further noise until they are fitted. With `well-specified` no: the best model is small.
- Turn **tuned** on: with the best ridge at every p there is no peak. A small fixed ridge only flattens it.
- **Real digits** do the same: random Fourier features of 500 MNIST images peak at N = 500 and end below the first valley.
- The picture is one-dimensional regression, really fitted, with p = 4, 12 and 240 features on 12 points.

## Formulas (n samples, p of D isotropic Gaussian features, exact)

- `p <= n-2`: test MSE `(|b_C|^2 + sigma2) (1 + p/(n-p-1))`; `p >= n+2`: `|b_T|^2 (1-n/p) + (|b_C|^2 + sigma2) (1 + n/(p-n-1))`;
  infinite for `|p-n| <= 1`, where a mean over draws measures the luck of the draws. Hence medians and quartiles.
- Variance: `sigma2 p/(n-p-1)`, then `sigma2 n/(p-n-1)`. Bias^2 of a well-specified model: 0, then `r2 (1-n/p)`.
- Best ridge on `|Xw-y|^2 + lam |w|^2`: `lam = p (sigma2 + |b_C|^2)/|b_T|^2`.
- Whatever the (full-rank) features, noise costs at least `sigma2 n/(p+1-n)` from n on, and `sigma2 p/(n-p+1)` up to n: `sigma2 n` at p = n.
- `spectrum power` is drawn with the deterministic equivalent, `features relu` with Mei and Montanari's limit: both asymptotic.
- A well-specified problem has all its signal on the first feature: for isotropic features that is the same law at every p.

## Traps

- With the signal spread evenly (`flat`), error rises from p = 0: no first valley, and p = D beats only p = 0, if `sigma2 < (D-n-1)/D`.
- Under `head` even the tuned risk is not monotone: its features are not exchangeable. DD4 therefore uses `flat`.
- A solver's singular-value cut-off is a hidden ridge near p = n. Here there is none.

## Where the textbook is imprecise

- (10-15) The formulas printed there are those of *isotropic linear regression*. Above n the variance is `sigma2/(gamma-1)`, not
  `sigma2 gamma/|1-gamma|`, which would tend to sigma2 instead of 0.
- (14) Bias is not smooth: 0, then `r2 (1-1/gamma)` with a kink; and the isotropic risk climbs again after its second minimum.
- (18) Regularisation "flattens or removes" the peak: a small ridge flattens it, the optimal one removes it. No spectrum removes the
  noise peak at p = n; absence of noise or a good ridge does.
- Belkin et al. (2019) report, for MNIST with n = 10,000, norms 447 at N = 10k, 115, 90 and 67 at 60k. The images here are 5,000.

## References

Belkin, Hsu, Mandal 2019, arXiv:1812.11118. Belkin, Hsu, Xu 2020, arXiv:1903.07571. Hastie et al. 2022, arXiv:1903.08560. Mei,
Montanari 2022, arXiv:1908.05355. Nakkiran et al. 2021, arXiv:2003.01897. Holzmuller 2021, arXiv:2010.01851. Mourtada 2022,
arXiv:1912.10754. Dissent, that the second descent lies on another axis: Curth et al. 2023, arXiv:2310.18988.
"""


def _on_grid(count: int) -> bool:
    """Whether a count is one of 1, 2, 3, 5, 8 times a power of ten."""
    scale = 10 ** (len(str(count)) - 1)
    return count % scale == 0 and count // scale in MEASURED


class DoubleDescent(OldPhenomenon):
    """Draws of one nested problem, with theory over them."""

    spec: ClassVar[Spec] = Spec(
        name="double-descent",
        title="Double descent",
        question="Does test error fall again beyond the interpolation threshold?",
        config=DoubleDescentConfig,
        presets=PRESETS,
        figures=FIGURES,
        pictures=(PictureSpec("fits", "Fits below, at and above n"),),
        claims=CLAIMS,
        notes=NOTES,
        experiment=__name__,
        references=(
            "arXiv:1812.11118", "arXiv:1903.07571", "arXiv:1903.08560", "arXiv:1908.05355", "arXiv:2003.01897", "arXiv:2010.01851",
            "arXiv:1912.10754", "arXiv:2310.18988",
        ),
        instant=True,
    )  # fmt: skip

    def __init__(self, config: Config, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        from engine.phenomena.double_descent.display import Curves, picture
        from engine.phenomena.double_descent.experiment import Experiment
        from engine.phenomena.double_descent.fitted import fitted
        from engine.seeds import streams

        super().__init__(config, seeds, device, preset)
        c = self.config
        self._run: Experiment = Experiment(c, seeds, c.draws, c.relu_draws)
        kind: Kind = "best" if c.tuned else "small" if c.ridge > 0 else "zero"
        self._curves: Curves = Curves(self._run, kind)
        self._picture = picture(fitted(streams(seeds[0]), c.sigma))
        self._work: Iterator[None] | None = None
        self._judged: tuple[int, tuple[Verdict, ...]] = (-1, ())
        self.total, self.unit = self._run.tasks, "draw"

    def advance(self, budget: float) -> None:
        """Compute draws for about `budget` seconds, up to the next that is measured, or until the first curve is there."""
        deadline = time.monotonic() + budget
        while not self.done and not self.due():
            if self._work is None:
                self._work = self._run.task(self.step)
            if next(self._work, FINISHED) is FINISHED:
                self._work = None
                self.step += 1
            if time.monotonic() >= deadline:
                return

    def due(self) -> bool:
        """Whether the first curve is there (step 0); then at draws 1, 2, 3, 5, 8, 10, 20, ..., the last of a kind, and tenths on digits."""
        run = self._run
        if self.step < 1:
            return run.early.has(f"{self._curves.kind}/test") and not self.history.steps
        if self.history.steps and self.history.steps[-1] == self.step:
            return False
        relu = self.step - run.main_tasks - run.digit_tasks
        count = relu if relu > 0 else self.step
        return self.done or relu <= 0 <= self.step - run.main_tasks or _on_grid(count)

    def measure(self) -> dict[str, Any]:
        """Return where peak and valleys of the simulation and of the theory lie, and what the checks found."""
        record: dict[str, Any] = {"draws": self._run.drawn.count}
        for source, found in (("simulated", self._curves.simulated()), ("predicted", self._curves.predicted())):
            if found is not None:
                record |= {f"{source}-{name.replace('_', '-')}": value for name, value in vars(found).items()}
        if self._run.disagreement is not None:
            record["fast-path-difference"] = self._run.disagreement
        self.notes = self._curves.words()
        return record

    def series(self) -> tuple[Series, ...]:
        """Medians with quartiles over draws, theory beside them."""
        return self._curves.series()

    def pictures(self) -> tuple[Picture, ...]:
        """The fitted functions of one variable."""
        return (self._picture,)

    def markers(self) -> tuple[Marker, ...]:
        """The threshold in every figure."""
        return self._curves.markers()

    def verdicts(self) -> tuple[Verdict, ...]:
        """Every claim against the draws so far; made once a step."""
        if self._judged[0] != self.step:
            self._judged = (self.step, tuple(made or self._decide(claim) for claim, made in self.claims()))
        return self._judged[1]

    def _decide(self, claim: Claim) -> Verdict:
        from engine.phenomena.double_descent.verdicts import judge

        found = judge(claim.id, self._run)
        return old_verdict(claim, found.predicted, found.measured, found.holds, found.note)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first draw with its ridgeless solution on all D features, and the ridgeless curves over p."""
        run, draw = self._run, self._run.first_draw()
        y = draw.Y[:, : (1 if draw.main < 4 else draw.main)]
        w = np.linalg.lstsq(draw.X, y, rcond=None)[0]
        found: dict[str, NDArray[Any]] = {"X": draw.X, "y": y[:, 0] if y.shape[1] == 1 else y, "w": w[:, 0] if w.shape[1] == 1 else w}
        model = run.model
        if hasattr(model, "b"):
            found["w_star"] = model.b
            found["eigenvalues"] = getattr(model, "eigenvalues", np.ones(model.D))
        if run.main.count:
            found |= {"risk_p": run.p, "risk_measured": np.median(run.main.stack("zero/test"), axis=0)}
            theory = model.predict(run.p[run.p > 0])
            if theory is not None:
                found |= {"risk_theory_p": theory.p, "risk_theory": theory.test}
        return found

    def state(self) -> State:
        """Everything computed so far; a draw that was interrupted begins again."""
        return State(self._run.arrays(), {})

    def restore(self, state: State) -> None:
        """Continue after the last finished draw."""
        self._run.restore(state.arrays)
        self._work = None
