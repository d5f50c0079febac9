"""What is drawn of an interpolation threshold: medians over draws with theory on the same axes, histogram, maps, markers.

Isotropic Gaussian features have exact expectations (arXiv:1903.07571), others below n alone; beyond it they have the deterministic
equivalent of arXiv:1903.08560. Marchenko-Pastur edges hold for any isotropic entries.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.contract import Basis, Layer, Marker, Picture, Series
from engine.phenomena.interpolation_threshold.design import Design
from engine.phenomena.interpolation_threshold.draws import DRAWN, ThresholdDraws
from engine.theory.conditions import ratio
from engine.theory.inputs import Floats
from engine.theory.linear_models.draw_statistics import quartiles
from engine.theory.linear_models.ridgeless import expected_test_mse, expected_train_mse, isotropic_minimum, norm_law
from engine.theory.spectra import marchenko_pastur
from engine.theory.spectra.deterministic_equivalent import equivalent

BINS = 30  # of the histogram
FINE = 400  # most points of a theory curve
NEAR = 0.1  # |d/n - 1| within which the centre of the smallest eigenvalue does not hold


class ThresholdCurves:
    """Turns draws into series, pictures and markers."""

    def __init__(self, design: Design, draws: ThresholdDraws) -> None:
        self.design, self.draws = design, draws
        self.isotropic = bool(np.all(design.variances == 1))
        self.sigma2 = design.sigma**2

    # ------------------------------------------------------------ curves

    def series(self) -> tuple[Series, ...]:
        """Return every curve and the histogram."""
        return (*self._simulated(), *self._pixels(), *self.theory, *self._histogram())

    def _simulated(self) -> list[Series]:
        done = self.draws.done
        if not done:
            return []
        table, x = self.draws.sweeps[:done], self.draws.widths / self.design.n
        return [_over_draws(name, "simulation", "", x, table[:, :, index]) for index, name in enumerate(DRAWN)]

    def _pixels(self) -> list[Series]:
        done, arm = self.draws.pixels_done, self.draws.arm
        if not done or arm is None:
            return []
        table = self.draws.pixels[:done]
        there = np.isfinite(table).all(axis=(0, 2))
        x = arm.widths[there] / arm.n
        return [_over_draws(name, "digits", "digits: ", x, table[:, there, index]) for index, name in enumerate(DRAWN)]

    @cached_property
    def theory(self) -> tuple[Series, ...]:
        """Every theory curve that the features have."""
        n, d = self.design.n, self._fine
        exact: Basis = "exact" if self.isotropic and self.design.entries == "gaussian" else "asymptotic"
        curves = [
            _theory("train-mse/expected", "exact mean", d / n, expected_train_mse(n, d, self.sigma2), "exact"),
            _theory("test-mse/expected", f"{exact} mean", *self._risk, exact),
        ]
        if self.isotropic:
            gamma = d / n
            low, high = marchenko_pastur.edges(gamma)
            norm = norm_law(n, d, self.design.r2, self.sigma2)
            curves += [
                _theory("norm/expected", f"{exact} mean", gamma, norm, exact),
                _theory("condition-number/edges", "Marchenko-Pastur edges", gamma, np.sqrt(ratio(high, low)), "asymptotic"),
                _theory("smallest-eigenvalue/edge", "edge", gamma[d != n], low[d != n], "asymptotic"),
                _theory("smallest-eigenvalue/centre", "finite n", *self._centre, "asymptotic"),
            ]
        return tuple(curves)

    @property
    def _fine(self) -> NDArray[np.int64]:
        """Every d of the sweep's range, or as many as are worth drawing, those around n always."""
        n, ends = self.design.n, self.draws.widths
        grid = np.unique(np.linspace(ends[0], ends[-1], FINE).round().astype(np.int64))
        around = np.arange(n - 2, min(n + 3, int(ends[-1]) + 1))
        return np.union1d(grid, around)

    @property
    def risk(self) -> Floats:
        """Expected test MSE at the widths of the sweep."""
        n, r2, widths = self.design.n, self.design.r2, self.draws.widths
        expected = expected_test_mse(n, widths, r2, 0.0, self.sigma2)
        if not self.isotropic:
            for index in np.flatnonzero(widths > n):
                d = int(widths[index])
                found = equivalent(self.design.variances[:d], n).test_mse(np.full(d, r2 / d), self.sigma2)
                expected[index] = found[0]
        return expected

    @property
    def _risk(self) -> tuple[Floats, Floats]:
        n, d = self.design.n, self._fine
        if self.isotropic:
            return d / n, expected_test_mse(n, d, self.design.r2, 0.0, self.sigma2)
        return self.draws.widths / n, self.risk

    @property
    def _centre(self) -> tuple[Floats, Floats]:
        """The finite-n mean away from n, and Edelman's median at n."""
        n, d = self.design.n, self._fine
        d = d[(np.abs(d / n - 1) >= NEAR) | (d == n)]
        centre = marchenko_pastur.mean_smallest_eigenvalue(n, d)
        return d / n, np.where(d == n, marchenko_pastur.square_smallest_quantile(0.5) / n**2, centre)

    # ------------------------------------------------------------ spectrum

    def _histogram(self) -> list[Series]:
        """Density of the eigenvalues above 0 at the shown d, the share of zeros as a bar left of 0, and the law of both."""
        n, d = self.design.n, self.draws.shown_d
        found = self.draws.shown[: self.draws.shown_done].ravel()
        edge = float(marchenko_pastur.edges(d / n)[1]) if self.isotropic else 0.0
        top = 1.02 * max(edge, float(found.max(initial=0.0)))
        if top == 0:
            return []
        width = top / BINS
        x = np.linspace(-width / 2, top - width / 2, BINS + 1)
        zeros = max(0, d - n) / d
        curves = []
        if found.size:
            counts = np.histogram(found, bins=BINS, range=(0, top))[0]
            label = f"d = {d}, {self.draws.shown_done} draw{'s' * (self.draws.shown_done > 1)}"
            y = np.concatenate([[zeros], counts / (found.size * width)])
            curves.append(Series("eigenvalues/simulation", label, x, y, basis="simulation", style="bars", group="simulation"))
        return curves + (self._law(d / n, width) if self.isotropic else [])

    def _law(self, gamma: float, width: float) -> list[Series]:
        low, high = (float(end) for end in marchenko_pastur.edges(gamma))
        x = np.linspace(max(low, width / 2), high, FINE)  # at gamma = 1 the density is infinite at 0
        y = marchenko_pastur.density(x, gamma) * max(1.0, gamma)
        law = [_theory("eigenvalues/density", "Marchenko-Pastur", x, y, "asymptotic")]
        if gamma > 1:
            mass = Series(
                "eigenvalues/atom", f"its mass at 0, {1 - 1 / gamma:.3g}", np.array([-width / 2]), np.array([1 - 1 / gamma]),
                kind="theory", basis="asymptotic", style="points", group="theory",
            )  # fmt: skip
            law.append(mass)
        return law

    # ------------------------------------------------------------ maps and markers

    def pictures(self) -> tuple[Picture, ...]:
        """Return both maps, once a draw is there."""
        draws = self.draws
        if not draws.maps_done:
            return ()
        note = f"mean of {draws.maps_done} draws"
        error, share = draws.train_map / draws.maps_done, draws.separable / draws.maps_done
        x0, x1 = self._extent[:2]
        diagonal = Layer("line", np.array([[x0, x0], [x1, x1]]), "n = d")
        double = Layer("line", np.array([[x0, 2 * x0], [x1 / 2, x1]]), "n = 2d")
        return (
            Picture(
                "training-error", "Training error by n, d", error[::-1], (diagonal,), self._extent, lo=0.0, hi=self.sigma2 or 1.0,
                x="d", y="n", note=note,
            ),
            Picture(
                "separability", "Separable random labels", share[::-1], (double,), self._extent, lo=0.0, hi=1.0,
                x="d", y="n", note=note,
            ),
        )  # fmt: skip

    @property
    def _extent(self) -> tuple[float, float, float, float]:
        sizes = self.draws.rows
        half = float(sizes[0]) / 2
        return half, float(sizes[-1]) + half, half, float(sizes[-1]) + half

    def markers(self) -> tuple[Marker, ...]:
        """Return the threshold, the d whose spectrum is shown, the edges of that spectrum, and the lowest test error beyond n."""
        n, shown = self.design.n, self.draws.shown_d
        found = [Marker(name, "x", 1.0, "d = n") for name in DRAWN]
        if self.draws.widths[0] <= shown <= self.draws.widths[-1] and shown != n:
            found.append(Marker("smallest-eigenvalue", "x", shown / n, f"shown: d = {shown}"))
        if self.isotropic:
            found += [Marker("eigenvalues", "x", float(end), f"edge {float(end):.3g}") for end in marchenko_pastur.edges(shown / n)]
            lowest, risk = isotropic_minimum(self.design.r2, self.sigma2)
            if self.sigma2 > 0 and 1 < lowest <= self.draws.widths[-1] / n:
                found.append(Marker("test-mse", "x", lowest, f"least beyond n: {risk + self.sigma2:.3g}"))
        return tuple(found)


def _over_draws(name: str, group: str, prefix: str, x: Floats, draws: Floats) -> Series:
    """Median with quartiles of draws (k, widths); one draw has no band."""
    count = len(draws)
    low, middle, high = quartiles(draws)
    if count == 1:
        return Series(f"{name}/{group}", f"{prefix}1 draw", x, middle, basis="simulation", group=group)
    label, band = f"{prefix}median of {count} draws", f"quartiles of {count} draws"
    return Series(f"{name}/{group}", label, x, middle, low, high, band, basis="simulation", group=group)


def _theory(name: str, label: str, x: Floats, y: Floats, basis: Basis) -> Series:
    return Series(name, label, x, y, kind="theory", basis=basis, group="theory")
