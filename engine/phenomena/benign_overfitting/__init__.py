"""Benign overfitting: When is interpolating noise harmless?

The same ridgeless rule fits noisy labels exactly. Its excess risk vanishes, levels off or explodes with n, depending on the
eigenvalues of the covariance alone: a short head and a long flat tail hide the noise, a power law keeps a share of it, an
exponential decay amplifies it.

Bartlett, Long, Lugosi, Tsigler 2020, arXiv:1906.11300; Mallinar et al. 2022, arXiv:2207.06569; Tsigler, Bartlett 2023,
arXiv:2009.14286; Muthukumar, Vodrahalli, Subramanian, Sahai 2020, arXiv:1903.09139.

Letters: n samples, p features with covariance eigenvalues lam_1 >= lam_2 >= ...; r_k, R_k effective ranks, k* the first k with
r_k >= b n; E0 the test MSE of interpolated noise of unit variance. Draw j is draw j // K of seed j mod K, K seeds; the noise
of the labels is averaged exactly within a draw.

Order: 90
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from engine.contract import Axis, Config, Figure, Marker, Picture, PictureSpec, Preset, Series, Spec, Verdict, knob
from engine.phenomena.benign_overfitting.cells import COLUMNS, Cell, grid_of
from engine.phenomena.benign_overfitting.claims import CLAIMS, FEWEST, Evidence, Measured, judge
from engine.phenomenon import geometric_grid
from engine.seeds import streams
from engine.state import State
from engine.transition import OldPhenomenon


class BenignOverfittingConfig(Config):
    """Knobs of the three families and of the one beside them."""

    family: Literal["exp-eps", "power", "log", "exponential", "isotropic"] = knob(
        "exp-eps", "family whose ranks are printed; log and isotropic are drawn beside the other three"
    )
    tau: float = knob(5.0, "decay length of the exponential heads", ge=1.0, le=20.0)
    a: float = knob(2.0, "exponent of the power law beside 2 and 3", ge=1.1, le=4.0)
    n: tuple[int, ...] = knob((50, 100, 200, 400), "sample sizes", ge=20, le=3200)
    sigma: float = knob(1.0, "deviation of the label noise", ge=0.0, le=2.0)
    signal: float = knob(0.0, "variance of the true function", ge=0.0, le=5.0)
    ridge: float = knob(0.0, "ridge on X^T X; only 0 interpolates", ge=-1.0, le=100.0)
    b: float = knob(1.0, "constant in k*: the first k with r_k >= b n", ge=0.1, le=10.0)
    draws: int = knob(20, "draws of every problem, pooled over the seeds", ge=1, le=500, log=True)
    digits: bool = knob(False, "also interpolate noise with a kernel on real digits")

    @model_validator(mode="after")
    def _has_risk(self) -> BenignOverfittingConfig:
        if self.sigma == 0 and self.signal == 0:
            raise ValueError("sigma and signal must not both be 0: without noise and signal every risk is 0")
        return self


PRESETS = (
    Preset("quick", "three families, n to 400, 20 draws", {}, "arXiv:1906.11300, Theorem 6; arXiv:2207.06569, Table 1"),
    Preset(
        "standard", "n to 1600, a signal, and a kernel on real digits",
        {"n": (50, 100, 200, 400, 800, 1600), "signal": 1.0, "digits": True},
        "arXiv:1906.11300, Theorem 6; arXiv:2207.06569",
    ),
    Preset("theorem-6", "both families of the theorem: the log family looks tempered at any laptop's size",
           {"family": "log", "n": (50, 100, 200, 400, 800)}, "arXiv:1906.11300, Theorem 6"),
)  # fmt: skip

N, EXCESS = Axis("n", log=True), Axis("excess risk", log=True)
FIGURES = (
    Figure("excess-risk", "Excess risk", N, EXCESS, ("excess-risk/*",), "mean over draws and deterministic equivalent"),
    Figure("spectrum", "Spectrum", Axis("index", log=True), Axis("eigenvalue", log=True), ("spectrum/*",), "at the largest n"),
    Figure("ranks", "Benign conditions of exp + eps", N, Axis("must vanish", log=True), ("ranks/*",)),
    Figure(
        "terms",
        "Noise and signal apart",
        N,
        EXCESS,
        ("terms/*",),
        empty="fills with the knob signal above 0: then bias and variance differ",
    ),
)
PICTURES = (
    PictureSpec("fit/exp-eps", "Fit, benign: spiky but right"),
    PictureSpec("fit/power", "Fit, tempered: noisy"),
    PictureSpec("fit/exponential", "Fit, catastrophic: wild"),
)

NOTES = """
## What to notice

- Every fit goes **through** every noisy label (residual printed), yet the **excess risk** falls for *exp + eps*, stays at
  `a - 1` for *power laws*, and grows like `n/tau` for the *exponential*. Only the spectrum differs.
- **Benign** is a short head and a long flat tail: the head learns the signal, the tail has room (`R_k*` much larger than n) to
  absorb the noise in directions that a test point hardly sees. In the 1-D fit: spikes at the points, right in between.
- **Tempered** is the usual case for kernels and networks: a share of the noise stays, however much data comes.
- **Catastrophic** interpolation has no tail to put the noise in.
- Add a **ridge**: the best one beats interpolation (BO8), and may even be negative when the tail already is ridge enough.
- The *log* family is benign by theorem and looks tempered at any size a laptop reaches (even n = 1e5).

## Formulas

- `r_k = sum_{i>k} lam_i / lam_{k+1}`, `R_k = (sum_{i>k} lam_i)^2 / sum_{i>k} lam_i^2`, `k* = min{k: r_k >= b n}`.
- Theorem 4: noise risk of order `sigma2 (k*/n + n/R_k*)`, signal risk `|b|^2 |Sigma| max(sqrt(r_0/n), r_0/n)`; if `k* >= n/c`, at
  least `sigma2/c`. Benign iff `r_0/n`, `k*/n` and `n/R_k*` all vanish.
- Deterministic equivalent: `sum lam_i/(lam_i + kappa) + ridge/kappa = n`, `D2 = sum (lam_i/(lam_i + kappa))^2`, `E0 = n/(n - D2)`;
  excess noise risk `(E0 - 1) sigma2`. Limits of E0: a for `k^-a`; `n/(tau (1 - exp(-n/tau)))` for `exp(-k/tau)`, its sum taken as
  an integral; `gamma/(gamma-1)` isotropic (here p = 2n).

## Where the textbook is imprecise

- It asks for small `r_k/n` and says that `r_k` ranks the head. `r_k` is a rank of the *tail*: at k* it must be at least `b n`;
  what must be small are `r_0/n`, `k*/n` and `n/R_k*`.
- Benign is the exception: most real interpolators are tempered.
- A power law cut at p features gains a false floor that looks benign: here p >= 20 n.
- The exponential's means are heavy-tailed (4-10 % over theory at 300 draws), and beyond n/tau = 30 double precision cannot see
  its smallest eigenvalues.

## References

Bartlett et al. 2020, arXiv:1906.11300. Mallinar et al. 2022, arXiv:2207.06569. Tsigler, Bartlett 2023, arXiv:2009.14286.
Muthukumar et al. 2020, arXiv:1903.09139 (any interpolator pays `c sigma2 n/d`).
"""


class BenignOverfitting(OldPhenomenon):
    """Interpolation of noise under three spectra, draw after draw."""

    spec: ClassVar[Spec] = Spec(
        name="benign-overfitting",
        title="Benign overfitting",
        question="When is interpolating noise harmless?",
        config=BenignOverfittingConfig,
        presets=PRESETS,
        figures=FIGURES,
        pictures=PICTURES,
        claims=CLAIMS,
        notes=NOTES,
        experiment=__name__,
        references=("arXiv:1906.11300", "arXiv:2207.06569", "arXiv:2009.14286", "arXiv:1903.09139"),
        instant=True,
    )

    def __init__(self, config: Config, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        from engine.phenomena.benign_overfitting.curves import Theory, terms_over_n, theory_of
        from engine.phenomena.benign_overfitting.fits import fitted_pictures

        super().__init__(config, seeds, device, preset)
        c = self.config
        self.unit, self.total = "draw", c.draws
        self._cells = grid_of(c)
        self._tables = [np.zeros((-(-c.draws // cell.every), len(COLUMNS))) for cell in self._cells]
        self._digits = np.zeros((0, 2, 0))
        self._terms = terms_over_n(c)
        self._theory = Theory(c, self._cells, self._terms)
        self._expected = [1 + theory_of(cell, c.ridge)[0] for cell in self._cells]
        self._tuned = [self._tuned_ridge(cell) for cell in self._cells]
        self._pictures = fitted_pictures(c.tau, seeds[0])
        self._grid = geometric_grid(c.draws, 10)
        self._slices = self._work()
        self.notes = (self._ranks(),)

    def _tuned_ridge(self, cell: Cell) -> float:
        from engine.theory.spectra.deterministic_equivalent import best_ridge

        if cell.signal == 0 or self.config.sigma == 0:
            return 0.0
        return max(0.0, best_ridge(cell.eigenvalues, cell.target**2, cell.n, self.config.sigma**2)[0])

    def _ranks(self) -> str:
        """Effective ranks of the chosen family at its largest n, as a sentence."""
        from engine.theory.spectra.effective_rank import benign_terms

        chosen = max((cell for cell in self._cells if cell.family == self.config.family), key=lambda cell: cell.n)
        terms = benign_terms(chosen.eigenvalues, chosen.n, self.config.b)
        head = f"{chosen.family}, n={chosen.n}, p={chosen.p}: r_0={terms.r0_over_n * chosen.n:.3g}"
        if terms.k_star is None:
            return f"{head}; no k has r_k >= b n, so the noise has nowhere to hide"
        ranks = f"k*={terms.k_star}, r_k*={terms.tail_rank:.4g}, R_k*={terms.tail_rank_squared:.4g}"
        return f"{head}, {ranks}, k*/n + n/R_k*={terms.noise_rate:.3g}"

    # ------------------------------------------------------------ drawing

    @property
    def done(self) -> bool:
        """Whether every draw is there and measured."""
        return self.step >= self.config.draws and not self.due() and (not self.config.digits or len(self._digits) > 0)

    def advance(self, budget: float) -> None:
        """Draw problems for about `budget` seconds, stopping where a draw must be measured."""
        deadline = time.monotonic() + budget
        while not self.due() and next(self._slices, None) is not None and time.monotonic() < deadline:
            pass

    def _work(self) -> Iterator[bool]:
        """Solve cell after cell of draw after draw; each step of the iterator is one problem or group of small ones."""
        from engine.phenomena.benign_overfitting.draws import row, solve

        c, count = self.config, len(self.seeds)
        while self.step < c.draws:
            for index, cell in enumerate(self._cells):
                if self.step % cell.every == 0:
                    numbers = [(self.step // count) * cell.repeats + repeat for repeat in range(cell.repeats)]
                    problems = [solve(cell, self._streams(index, number)) for number in numbers]
                    self._tables[index][self.step // cell.every] = row(problems, c.ridge, self._tuned[index], c.sigma**2)
                    yield True
            self.step += 1
            yield True
        if c.digits and not len(self._digits):
            from engine.phenomena.benign_overfitting.digits import noise_risk, sizes_of

            self._digits = np.array([noise_risk(sizes_of(sorted(c.n)), streams(seed)) for seed in self.seeds])
            yield True

    def _streams(self, cell: int, number: int) -> Any:
        """Streams of one problem: the seed takes turns, the draw's number tells cells and repeats apart."""
        return streams(self.seeds[self.step % len(self.seeds)], 1 + number * len(self._cells) + cell)

    def due(self) -> bool:
        """Whether the present number of draws is on the grid and has not been measured."""
        measured = self.history.steps[-1] if self.history.steps else -1
        return self.step > measured and self.step in self._grid

    def measure(self) -> dict[str, Any]:
        """Return the mean excess risk of every family and size, and the largest training residual."""
        sigma2 = self.config.sigma**2
        record: dict[str, Any] = {"draws": float(self.step)}
        for cell in self._measured():
            record[f"excess risk {cell.group} n={cell.n}"] = float(sigma2 * cell.noise.mean() + cell.signal.mean())
        if self.step:
            record["largest train residual"] = max(float(cell.residual.max()) for cell in self._measured())
        return record

    def _measured(self) -> list[Measured]:
        found = []
        for cell, table, expected in zip(self._cells, self._tables, self._expected, strict=True):
            done = table[: -(-self.step // cell.every)]
            if len(done):
                noise, signal, residual, tuned = done.T
                found.append(Measured(cell.group, cell.n, noise, signal, residual, tuned, expected))
        return found

    # ------------------------------------------------------------ what is shown

    def series(self) -> tuple[Series, ...]:
        """Simulation over theory, spectra and effective ranks."""
        from engine.phenomena.benign_overfitting.curves import digit_series, simulated

        by_group: dict[str, list[Measured]] = {}
        for cell in self._measured():
            by_group.setdefault(cell.group, []).append(cell)
        c = self.config
        ordered = [sorted(cells, key=lambda cell: cell.n) for cells in by_group.values()]
        drawn = [one for cells in ordered for one in simulated(cells, c.sigma**2, c.signal > 0)]
        return (*drawn, *self._theory.series, *digit_series(c, self._digits))

    def pictures(self) -> tuple[Picture, ...]:
        """One-dimensional fits of the same points with three spectra."""
        return self._pictures

    def markers(self) -> tuple[Marker, ...]:
        """Limits and k*."""
        return self._theory.markers()

    def verdicts(self) -> tuple[Verdict, ...]:
        """Every claim, decided by the draws so far."""
        c = self.config
        complete = self.step >= min(FEWEST, c.draws)
        evidence = Evidence(tuple(self._measured()), self._terms, c.sigma**2, c.tau, c.ridge, complete)
        return tuple(ready or judge(claim, evidence) for claim, ready in self.claims())

    # ------------------------------------------------------------ storage

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first draw of exp + eps at the smallest n, and all risks.

        X (n, p), y (n,) noise of unit variance, w (p,) its interpolator of least norm, eigenvalues (p,) of the covariance;
        per cell: cell_family, risk_n, risk_p, risk_measured (mean noise risk per unit variance), risk_theory (E0 - 1).
        """
        cell = next(one for one in self._cells if one.family == "exp-eps")
        drawn = self._streams_of_first(self._cells.index(cell))
        X = drawn.data.standard_normal((cell.n, cell.p)) * np.sqrt(cell.eigenvalues)
        y = drawn.noise.standard_normal(cell.n)
        found = self._measured()
        return {
            "X": X, "y": y, "w": np.linalg.lstsq(X, y, rcond=None)[0], "eigenvalues": cell.eigenvalues,
            "cell_family": np.array([one.group for one in self._cells]), "risk_n": np.array([one.n for one in self._cells]),
            "risk_p": np.array([one.p for one in self._cells]), "risk_theory": np.array(self._expected) - 1,
            "risk_measured": np.array([one.noise.mean() for one in found]), "columns": np.array(COLUMNS),
            **{f"draws_{one.group}_n{one.n}": table for one, table in zip(self._cells, self._tables, strict=True)},
        }  # fmt: skip

    def _streams_of_first(self, index: int) -> Any:
        return streams(self.seeds[0], 1 + index)

    def state(self) -> State:
        """Return the finished draws; each problem has its own random streams, so nothing else is needed."""
        tables = {f"cell-{index}": table for index, table in enumerate(self._tables)}
        return State({**tables, "digits": self._digits}, {"step": self.step})

    def restore(self, state: State) -> None:
        """Take up the finished draws; a draw that was cut short is drawn again."""
        self._tables = [state.arrays[f"cell-{index}"].copy() for index in range(len(self._cells))]
        self._digits = state.arrays["digits"].copy()
        self.step = int(state.scalars["step"])
        self._slices = self._work()
