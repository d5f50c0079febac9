"""All draws of an interpolation threshold, made slice by slice in an order that never depends on how long a slice may take.

A sweep over d per draw; the spectrum at one chosen d; training error and separability over (n, d); and, if asked for, pixels of
real digits. The curves come first, the rest follows in proportion, so that everything is there when the last sweep is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.interpolation_threshold.design import Design
from engine.phenomena.interpolation_threshold.maps import separability_edge, train_error_map
from engine.phenomena.interpolation_threshold.sweep import QUANTITIES, REFERENCES, sweep
from engine.seeds import Streams, streams
from engine.theory.inputs import Floats
from engine.theory.linear_models.nested_fits import nested_fits

SIDE, LARGEST_MAP = 20, 100  # cells along an axis of a map, or up to twice as many; most samples and features on it
MAPS = 50  # draws of a map: each takes some thirty linear programs
PIXELS = 20  # draws of pixels
AHEAD = 20  # spectra per sweep: one costs a fortieth of it, and a histogram needs many

DRAWN = QUANTITIES[:5]  # those of a sweep that are shown


@dataclass(frozen=True)
class Arm:
    """Features that are not drawn from a design: n samples, a sweep over its widths d, and how to draw one: (widths, DRAWN)."""

    n: int
    widths: NDArray[np.int64]
    draw: Callable[[NDArray[np.int64], Streams], Floats]


class ThresholdDraws:
    """Draw j uses the j // K-th streams of seed j mod K, K seeds: the draws of a solo run with either seed are among them.

    Attributes:
        sweeps: (draws, widths, QUANTITIES), of which `done` are filled. spectra: d -> eigenvalues (draws, min(n, d)) of X^T X/n.
        shown: (draws, min(n, d)) the same at `shown_d`, `shown_done` of them filled.
        train_map: (rows, columns) training error of pure noise, summed over `maps_done` draws; separable: counts of these.
        pixels: (draws, widths of the arm, DRAWN), `pixels_done` of them filled; empty without an `arm`.
    """

    def __init__(
        self, design: Design, seeds: Sequence[int], count: int, widths: NDArray[np.int64], shown_d: int, arm: Arm | None = None
    ) -> None:  # fmt: skip
        self.design, self.seeds, self.count, self.widths, self.arm = design, tuple(seeds), count, widths, arm
        n = design.n
        kept = [int(d) for d in widths if int(d) in {round(share * n) for share in REFERENCES}]
        self.sweeps = np.zeros((count, widths.size, len(QUANTITIES)))
        self.spectra = {d: np.zeros((count, min(n, d))) for d in kept}
        side, step = min(n, LARGEST_MAP), max(1, min(n, LARGEST_MAP) // SIDE)
        self.rows = self.columns = np.arange(step, side + 1, step)
        self.train_map = np.zeros((self.rows.size, self.columns.size))
        self.separable = np.zeros((self.rows.size, self.columns.size), dtype=np.int64)
        self.maps = min(MAPS, count)
        self.pixels = np.zeros((min(PIXELS, count), arm.widths.size, len(DRAWN))) if arm else np.zeros((0, 0, len(DRAWN)))
        self.done = self.maps_done = self.pixels_done = 0
        self.show(shown_d)

    def show(self, d: int) -> None:
        """Begin to collect the spectrum at another d."""
        self.shown_d, self.shown_done = d, 0
        self.shown = np.zeros((self.count, min(self.design.n, d)))

    @property
    def complete(self) -> bool:
        """Whether everything has been drawn."""
        rest = (self.maps_done, self.pixels_done, self.shown_done)
        return self.done == self.count and rest == (self.maps, len(self.pixels), self.count)

    @property
    def behind(self) -> bool:
        """Whether the shown spectrum comes next: it has fewer draws than the sweeps allow for."""
        return self.shown_done < min(self.count, AHEAD * self.done)

    def slices(self) -> Iterator[None]:
        """Draw what is missing, one slice of work between two yields; give up a half-finished draw and it begins anew."""
        while not self.complete:
            if self.behind:
                yield from self._spectrum()
            elif self.maps_done < math.ceil(self.maps * self.done / self.count):
                yield from self._map()
            elif self.arm and self.pixels_done < math.ceil(len(self.pixels) * self.done / self.count):
                yield from self._pixels(self.arm)
            else:
                yield from self._sweep()

    def streams_of(self, draw: int) -> Streams:
        """Return the random streams of a draw."""
        return streams(self.seeds[draw % len(self.seeds)], draw // len(self.seeds))

    # ------------------------------------------------------------ one draw of each kind

    def _sweep(self) -> Iterator[None]:
        problem = self.design.draw(self.streams_of(self.done), int(self.widths[-1]))
        for index, (row, eigenvalues) in enumerate(sweep(self.design, problem, self.widths)):
            self.sweeps[self.done, index] = row
            if (d := int(self.widths[index])) in self.spectra:
                self.spectra[d][self.done] = eigenvalues
            if index + 1 < self.widths.size:
                yield
        self.done += 1
        yield

    def _spectrum(self) -> Iterator[None]:
        problem = self.design.draw(self.streams_of(self.shown_done), self.shown_d)
        fit = next(nested_fits(problem.X, [self.shown_d]))
        self.shown[self.shown_done] = fit.eigenvalues / self.design.n
        self.shown_done += 1
        yield

    def _map(self) -> Iterator[None]:
        problem = self.design.draw(self.streams_of(self.maps_done), int(self.columns[-1]), int(self.rows[-1]))
        left = train_error_map(problem.X, problem.noise, self.rows, self.columns)
        edges: list[int] = []
        for edge in separability_edge(problem.labels[:, None] * problem.X, self.rows, self.columns):
            edges.append(edge)
            yield
        self.train_map += left
        self.separable += np.arange(self.columns.size) >= np.array(edges)[:, None]
        self.maps_done += 1
        yield

    def _pixels(self, arm: Arm) -> Iterator[None]:
        self.pixels[self.pixels_done] = arm.draw(arm.widths, self.streams_of(self.pixels_done))
        self.pixels_done += 1
        yield

    # ------------------------------------------------------------ state

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return copies of what has been drawn."""
        found: dict[str, NDArray[Any]] = {
            "sweeps": self.sweeps[: self.done], "shown": self.shown[: self.shown_done], "train_map": self.train_map,
            "separable": self.separable, "pixels": self.pixels[: self.pixels_done],
        }  # fmt: skip
        found |= {f"spectrum_{d}": values[: self.done] for d, values in self.spectra.items()}
        return {name: values.copy() for name, values in found.items()}

    def restore(self, arrays: dict[str, NDArray[Any]], maps_done: int, shown_d: int) -> None:
        """Take up what `arrays` returned."""
        self.show(shown_d)
        self.done, self.shown_done = len(arrays["sweeps"]), len(arrays["shown"])
        self.maps_done, self.pixels_done = maps_done, len(arrays["pixels"])
        self.sweeps[: self.done], self.shown[: self.shown_done] = arrays["sweeps"], arrays["shown"]
        self.pixels[: self.pixels_done] = arrays["pixels"]
        self.train_map, self.separable = arrays["train_map"].copy(), arrays["separable"].copy()
        for d, values in self.spectra.items():
            values[: self.done] = arrays[f"spectrum_{d}"]
