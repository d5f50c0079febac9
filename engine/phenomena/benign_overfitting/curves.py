"""What is drawn of benign overfitting: excess risk over n with theory on the same axes, spectra, effective ranks, markers."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from engine.contract import Marker, Series
from engine.phenomena.benign_overfitting.cells import Cell, features, label_of
from engine.phenomena.benign_overfitting.claims import Measured
from engine.theory.inputs import Floats
from engine.theory.linear_models.draw_statistics import mean_and_error
from engine.theory.spectra.deterministic_equivalent import equivalent
from engine.theory.spectra.effective_rank import BenignTerms, benign_terms
from engine.theory.spectra.spectra import Family, limiting_noise_error

FINE = 14  # sizes n of a theory curve
SHOWN = 120  # eigenvalues drawn of a spectrum, evenly on the log axis


def theory_of(cell: Cell, ridge: float) -> tuple[float, float]:
    """Return the deterministic equivalent's E0 - 1 and signal term of a cell."""
    solution = equivalent(cell.eigenvalues, cell.n, ridge)
    return float(solution.E0[0]) - 1, float(solution.test_mse(cell.target**2, 0.0)[0])


def terms_over_n(config: Any) -> dict[int, BenignTerms]:
    """Return Theorem 4's quantities of `exp-eps` at each size of the config."""
    return {n: benign_terms(Cell("exp-eps", n, features("exp-eps", n, config.tau), config.tau, 0.0).eigenvalues, n, config.b)
            for n in sorted(config.n)}  # fmt: skip


class Theory:
    """Curves that do not wait for a draw."""

    def __init__(self, config: Any, cells: tuple[Cell, ...], terms: dict[int, BenignTerms]) -> None:
        self.config, self.cells, self.terms = config, cells, terms
        self.sigma2 = config.sigma**2

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """Deterministic equivalents, spectra and effective ranks."""
        groups = sorted({cell.group: cell for cell in self.cells}.items(), key=lambda item: item[0])
        return (*(one for _, cell in groups for one in self._risk(cell)), *self._spectra(), *self._ranks())

    def _risk(self, like: Cell) -> list[Series]:
        sizes = [cell.n for cell in self.cells if cell.group == like.group]
        grid = np.unique(np.geomspace(min(sizes), max(sizes), FINE if max(sizes) > min(sizes) else 1).round().astype(int))
        tau, ridge = self.config.tau, self.config.ridge
        wide = [Cell(like.family, int(n), features(like.family, int(n), tau), like.parameter, like.signal) for n in grid]
        noise, signal = np.array([theory_of(cell, ridge) for cell in wide]).T
        x = grid.astype(np.float64)
        found = [_theory(f"excess-risk/{like.group}/theory", like.group, x, self.sigma2 * noise + signal)]
        if self.config.signal > 0:
            found += [
                _theory(f"terms/{like.group}/noise/theory", like.group, x, self.sigma2 * noise, "noise, "),
                _theory(f"terms/{like.group}/signal/theory", like.group, x, signal, "signal, "),
            ]
        return found

    def _spectra(self) -> list[Series]:
        largest = {cell.group: cell for cell in sorted(self.cells, key=lambda cell: cell.n)}
        found = []
        for group, cell in sorted(largest.items()):
            index = np.unique(np.geomspace(1, cell.p, SHOWN).round().astype(int))
            lam = cell.eigenvalues[index - 1]
            shown = lam > lam[0] * 1e-12
            label = label_of(group)
            found.append(
                Series(f"spectrum/{group}", label, index[shown].astype(float), lam[shown], kind="theory", basis="exact", group=group)
            )
        return found

    def _ranks(self) -> list[Series]:
        n = np.array(list(self.terms), dtype=np.float64)
        table = np.array([[t.r0_over_n, t.k_over_n, t.n_over_tail] for t in self.terms.values()])
        names = ("r_0/n", "k*/n", "n/R_k*")
        return [
            Series(f"ranks/{name}", name, n, column, kind="theory", basis="exact", group=name)
            for name, column in zip(names, table.T, strict=True)
        ]

    def markers(self) -> tuple[Marker, ...]:
        """The limits each family tends to, and k* of the benign spectrum."""
        found = []
        if self.config.ridge == 0 and self.sigma2 > 0:
            powers = sorted({cell.parameter for cell in self.cells if cell.family == "power" and cell.parameter > 1})
            found += [Marker("excess-risk", "y", self._limit("power", a), f"limit, a={a:g}", f"power-{a:g}") for a in powers]
        last = max(self.terms)
        if self.terms[last].k_star is not None:
            found.append(Marker("spectrum", "x", float(self.terms[last].k_star or 0) + 1, f"k* = {self.terms[last].k_star}", "exp-eps"))
        return tuple(found)

    def _limit(self, family: Family, a: float) -> float:
        return float(self.sigma2) * float(limiting_noise_error(family, 100, a=a) - 1)


def simulated(cells: list[Measured], sigma2: float, apart: bool) -> list[Series]:
    """Return the means over draws of one group with their standard errors; noise and signal apart as well if asked."""
    group, x = cells[0].group, np.array([cell.n for cell in cells], dtype=np.float64)
    found = [_means(f"excess-risk/{group}/simulation", group, x, [sigma2 * cell.noise + cell.signal for cell in cells])]
    if apart:
        found += [
            _means(f"terms/{group}/noise/simulation", group, x, [sigma2 * cell.noise for cell in cells], "noise, "),
            _means(f"terms/{group}/signal/simulation", group, x, [cell.signal for cell in cells], "signal, "),
        ]
    return found


def _means(name: str, group: str, x: Floats, draws: list[Floats], prefix: str = "") -> Series:
    mean, error = (np.array(column) for column in zip(*(mean_and_error(values) for values in draws), strict=True))
    label = f"{prefix}{label_of(group)}"
    if not np.isfinite(error).all():
        return Series(name, label, x, mean, basis="simulation", style="points", group=group)
    count = max(len(values) for values in draws)
    return Series(name, label, x, mean, np.maximum(mean - error, mean / 10), mean + error, f"SE of {count} draws", basis="simulation",
                  style="points", group=group)  # fmt: skip


def _theory(name: str, group: str, x: Floats, y: Floats, prefix: str = "") -> Series:
    return Series(name, f"{prefix}{label_of(group)}, theory", x, y, kind="theory", basis="asymptotic", group=group)


def digit_series(config: Any, digits: Floats) -> list[Series]:
    """Return noise risk of kernel interpolation on digits: measured and predicted. digits: (seeds, 2, sizes)."""
    if not len(digits):
        return []
    x, name = np.array(sorted(config.n), dtype=np.float64)[: digits.shape[2]], "excess-risk/digits"
    measured, predicted = config.sigma**2 * digits[:, 0], config.sigma**2 * digits[0, 1]
    label, band = "kernel on digits", f"range of {len(digits)} seeds" if len(digits) > 1 else ""
    low, high = (measured.min(0), measured.max(0)) if band else (None, None)
    there = np.isfinite(predicted)
    return [
        Series(f"{name}/simulation", label, x, measured.mean(0), low, high, band, basis="simulation", style="points", group="digits"),
        Series(f"{name}/theory", f"{label}, theory", x[there], predicted[there], kind="theory", basis="asymptotic", group="digits"),
    ]
