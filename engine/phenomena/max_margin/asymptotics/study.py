"""What a run of study asymptotics draws and knows: fits of nested features, and the limits beside them.

Draw j is draw j // K of seed j mod K, K seeds. The second descent has draws of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.optimize import brentq

from engine.contract import Marker, Series
from engine.headline import Known
from engine.interruption import checkpoint
from engine.phenomena.max_margin.asymptotics import figures
from engine.phenomena.max_margin.asymptotics.fits import TOTAL, falling_weights, fit, rows_of, seen, separable_from
from engine.phenomena.max_margin.asymptotics.headline import clauses
from engine.phenomena.max_margin.config import MaxMarginConfig
from engine.phenomena.max_margin.study import Study
from engine.phenomenon import geometric_grid
from engine.readings import Network
from engine.seeds import streams
from engine.state import Draws, Stateful
from engine.theory.inputs import Floats
from engine.theory.margins.logistic_likelihood import likelihood_limit
from engine.theory.margins.proportional_margin import LogisticLabels

SECOND = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0)  # psi of the second descent's draws
PEAK, VALLEY = 0.4, 1.0  # psi between which it descends again
BELOW, ABOVE = (0.25, 0.5, 0.75, 0.9, 0.98), (1.02, 1.1, 1.25, 1.5)  # of psi*, where limits are drawn beside those of the draws
ANCHOR = 1.0  # psi, or the one nearest to it, that numbers are told of


@dataclass(frozen=True)
class Limit:
    """The limit at one psi: of the max margin, or of the likelihood's weights, which have no margin and no support (nan)."""

    psi: float
    separable: bool
    rho: float
    error: float
    margin: float = np.nan
    support: float = np.nan


@lru_cache(maxsize=256)
def limit(labels: LogisticLabels, psi: float) -> Limit:
    """Return the limit of what is fitted at psi."""
    checkpoint()
    if psi > labels.threshold:
        found = labels.max_margin(psi)
        return Limit(psi, True, found.rho, found.error, found.margin, found.support)
    below = likelihood_limit(labels, psi)
    return Limit(psi, False, below.rho, below.error)


@lru_cache(maxsize=64)  # whose law is made once
def second_labels(psi: float) -> LogisticLabels:
    """The labels of the second descent, as the first psi n features see them."""
    return LogisticLabels(float(np.sqrt(seen(psi))), float(np.sqrt(TOTAL - seen(psi))))


def second_threshold() -> float:
    """The psi from which the second descent's labels are separable."""
    return float(brentq(lambda psi: psi - second_labels(psi).threshold, 0.05, 1.0, xtol=1e-6))


@dataclass(frozen=True)
class Fits:
    """The fits at one psi, over all draws."""

    psi: float

    @property
    def name(self) -> str:
        """Its key."""
        return f"psi={self.psi:.4g}"

    @property
    def label(self) -> str:
        """What a legend calls it."""
        return f"d/n = {self.psi:.4g}"


class Asymptotics(Study):
    """The draws of study asymptotics, and their theory.

    Attributes:
        labels: of every draw; d: features of each fit, psi: the same over n, ascending. second_d, second_psi: those of the second descent.
        limits: the theory's curve in psi; second: that of the second descent, whose threshold is second_star.
        draws: per draw, the least d that separates; margin, support and cosine of each fit, and whether it separates (fits,);
            cosine of each fit of the second descent, and whether it separates (second fits,).
    """

    def __init__(self, config: MaxMarginConfig, seeds: tuple[int, ...]) -> None:
        self.config, self.seeds, n = config, seeds, config.n
        self.labels = LogisticLabels(config.r)
        self.d = sorted({max(1, round(psi * n)) for psi in config.psi})
        self.second_d = sorted({max(1, round(psi * n)) for psi in SECOND})
        self.psi, self.second_psi = np.array(self.d) / n, np.array(self.second_d) / n
        self.limits: list[Limit] = []
        self.second: list[Limit] = []
        self.second_star = 0.0
        fits, second = (len(self.d),), (len(self.second_d),)
        self.draws = Draws(config.draws, {
            "from": (), "margin": fits, "support": fits, "cosine": fits, "separable": fits, "second-cosine": second,
            "second-separable": second,
        })  # fmt: skip
        self.unit, self.total, self.grid = "draw", config.draws, geometric_grid(config.draws, 10)
        self.networks = [Network(Fits(float(psi)), seeds[0]) for psi in self.psi]
        self.notes = ("test errors are exact, from the angle of w to the true direction: no test set",)

    # ------------------------------------------------------------ work

    @property
    def complete(self) -> bool:
        """Whether the limits are there."""
        return bool(self.second)

    def pieces(self) -> Iterator[None]:
        """Solve the theory, then draw after draw; a draw that was cut short is drawn again."""
        if not self.second:
            yield from self._solve()
        while not self.draws.complete:
            row = self._draw()
            yield
            row |= self._draw_second()
            self.draws.add(row)
            self.step = self.draws.done
            yield

    def _solve(self) -> Iterator[None]:
        star = self.labels.threshold
        places = [*(share * star for share in (*BELOW, *ABOVE)), *(psi for psi in self.psi if psi <= 0.98 * star or psi > star)]
        limits, second = [], []
        for psi in sorted(set(map(float, places))):
            limits.append(limit(self.labels, psi))
            yield
        self.limits, star = limits, second_threshold()
        yield
        for psi in sorted({*(share * star for share in (BELOW[-1], ABOVE[0])), *map(float, self.second_psi), PEAK, VALLEY}):
            second.append(limit(second_labels(psi), psi))
            yield
        self.second_star, self.second = star, second

    def _draw(self) -> dict[str, float | Floats]:
        n, first = self.config.n, self._number(0)
        truth = np.zeros(max(n, self.d[-1]))
        truth[0] = max(self.config.r, 1e-300)  # a direction even without signal
        rows = rows_of(n, truth, 0.0, streams(*first))
        fits = [fit(rows[:, :d]) for d in self.d]
        found = {
            "margin": [one.margin for one in fits], "support": [one.support for one in fits],
            "separable": [one.separable for one in fits],
            "cosine": [float(one.weights[0] / np.linalg.norm(one.weights)) for one in fits],
        }  # fmt: skip
        return {"from": float(separable_from(rows)), **{name: np.array(values, dtype=np.float64) for name, values in found.items()}}

    def _draw_second(self) -> dict[str, float | Floats]:
        n, most = self.config.n, self.second_d[-1]
        truth = falling_weights(n, most)
        rows = rows_of(n, truth, float(np.sqrt(TOTAL - truth @ truth)), streams(*self._number(1)))
        fits = [fit(rows[:, :d]) for d in self.second_d]
        cosines = np.array([one.cosine(truth[:d]) for one, d in zip(fits, self.second_d, strict=True)])
        return {"second-cosine": cosines, "second-separable": np.array([one.separable for one in fits], dtype=np.float64)}

    def _number(self, which: int) -> tuple[int, int]:
        """Seed and draw of its streams: the seed takes turns, the draw's number tells both kinds of draws apart."""
        number, seed = divmod(self.draws.done, len(self.seeds))
        return self.seeds[seed], 1 + 2 * number + which

    # ------------------------------------------------------------ what is measured, shown and kept

    def measure(self) -> dict[str, Any]:
        """Return the number of draws and, over them, the means."""
        record: dict[str, Any] = {"draws": float(self.draws.done)}
        if self.draws.done:
            margins = np.where(self.separates() == 1, self.draws["margin"].mean(axis=0), np.nan)
            record["separable from"] = float(self.draws["from"].mean()) / self.config.n
            record |= {"draw margin": margins.tolist(), "draw error": self.errors().mean(axis=0).tolist()}
        return record

    def curves(self) -> Iterable[Series]:
        """See `figures`."""
        return figures.curves(self)

    def markers(self) -> Iterable[Marker]:
        """See `figures`."""
        return figures.markers(self)

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen."""
        return clauses(self, known)

    def parts(self) -> Mapping[str, Stateful]:
        """The draws; limits follow from the knobs."""
        return {"draws": self.draws}

    # ------------------------------------------------------------ what was drawn

    def errors(self) -> Floats:
        """The error on fresh noisy labels of each fit of each draw, by its cosine, (draws, fits)."""
        return self.labels.error(self.draws["cosine"])

    def second_errors(self) -> Floats:
        """The same of the second descent, (draws, second fits)."""
        cosines = self.draws["second-cosine"]
        columns = [second_labels(psi).error(cosines[:, place]) for place, psi in enumerate(self.second_psi)]
        return np.stack(columns, axis=1)

    def second_gap(self) -> Floats:
        """The error at psi = .4 less that at psi = 1 of each draw, (draws,)."""
        errors, psi = self.second_errors(), self.second_psi
        peak, valley = (int(np.argmin(np.abs(psi - at))) for at in (PEAK, VALLEY))
        return np.asarray(errors[:, peak] - errors[:, valley])

    def second_gap_theory(self) -> float:
        """The limit of `second_gap`."""
        peak, valley = (next(one.error for one in self.second if one.psi == at) for at in (PEAK, VALLEY))
        return peak - valley

    def share_separable(self, psi: float) -> float:
        """The share of draws whose first psi n features separate them."""
        return float(np.mean(self.draws["from"] <= max(1, round(psi * self.config.n))))

    def separates(self) -> Floats:
        """The share of draws that each fit separates, (fits,)."""
        return np.asarray(self.draws["separable"].mean(axis=0))

    def limit_at(self, place: int) -> Limit | None:
        """The limit beside a fit; None where it lies so near the threshold that it is not drawn, or is not solved yet."""
        return next((one for one in self.limits if one.psi == self.psi[place]), None)

    def arrays(self) -> dict[str, Floats]:
        """Return psi (fits,), second_psi (second fits,), error and second_error (draws, as many), and every column of `draws`."""
        found = {"psi": self.psi, "second_psi": self.second_psi}
        if self.draws.done:
            names = ("from", "margin", "support", "cosine", "separable", "second-cosine", "second-separable")
            found |= {name.replace("-", "_"): self.draws[name] for name in names}
            found |= {"error": self.errors(), "second_error": self.second_errors()}
        return found

    @property
    def anchor(self) -> int:
        """The place of the fit that numbers are told of: psi nearest to 1."""
        return int(np.argmin(np.abs(self.psi - ANCHOR)))

    def by_seed(self, values: Floats) -> list[float]:
        """Means of values (draws,) of each seed; nan for one that has none yet."""
        return [float(values[place :: len(self.seeds)].mean()) if len(values) > place else np.nan for place in range(len(self.seeds))]
