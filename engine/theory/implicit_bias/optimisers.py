"""Iterative optimisers as resumable NumPy steppers: gradient descent, heavy ball, Nesterov, sign descent, Adam.

A stepper owns its weights w, shape (d,) or (runs, d), and advances any number of steps at a time. The numbers do not
depend on how the steps are cut into calls, and `state` / `restore` continue bit for bit. The gradient is a function of w;
step sizes follow a schedule. With a step size for each run, one stepper makes a whole comparison at once.

Updates, with g = gradient and rate_t from the schedule:
    gradient descent  w -= rate g                                         (Cauchy 1847)
    heavy ball        u = beta u - rate g(w);  w += u                      (Polyak 1964)
    Nesterov          u = beta u - rate g(w + beta u);  w += u             (Nesterov 1983)
    sign descent      w -= rate sign(g)
    Adam              m, v exponential means of g, g^2, bias-corrected;  w -= rate m / (sqrt(v) + eps)
                      (Kingma, Ba 2014, arXiv:1412.6980)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from engine.state import State
from engine.theory.inputs import Floats, require
from engine.theory.linear_models.min_norm import SATURATION

Gradient = Callable[[Floats], Floats]
"""w (..., d) -> gradient (..., d), possibly in a buffer that the next call overwrites."""

BLOCK = 64
"""Steps between two looks at divergence; aligned to absolute step numbers, so that chunking changes nothing."""


@dataclass(frozen=True)
class Schedule:
    """Step sizes: constant, eta / sqrt(t) (t = 1, 2, ...), or half a cosine from eta to 0 at step `total`.

    eta: a number, or (runs, 1).
    """

    eta: float | Floats
    kind: Literal["constant", "sqrt", "cosine"] = "constant"
    total: int = 0

    def factors(self, first: int, count: int) -> list[float]:
        """Return the multiples of eta at the steps first, first + 1, ... counted from 0."""
        t = np.arange(first, first + count, dtype=np.float64)
        if self.kind == "sqrt":
            return list((1 / np.sqrt(t + 1)).tolist())
        if self.kind == "cosine":
            return list((0.5 + 0.5 * np.cos(np.pi * np.minimum(t / self.total, 1.0))).tolist())
        return [1.0] * count


class Optimiser(ABC):
    """A stepper. Attributes: w (..., d) float64, read it between calls; step: how many steps were made."""

    buffers: ClassVar[tuple[str, ...]] = ("w",)

    def __init__(self, gradient: Gradient, start: Floats, schedule: Schedule) -> None:
        require(schedule.kind != "cosine" or schedule.total >= 1, f"a cosine schedule needs at least 1 step, got {schedule.total}")
        self.gradient = gradient
        self.schedule = schedule
        self.w = np.array(start, dtype=np.float64)
        self.step = 0

    @property
    def diverged(self) -> bool:
        """Whether some weight has grown to 1e140, where values saturate instead of overflowing."""
        return bool(np.max(np.abs(self.w)) >= SATURATION)

    def advance(self, steps: int) -> None:
        """Make `steps` further steps."""
        end = self.step + steps
        while self.step < end:
            stop = min(end, self.step - self.step % BLOCK + BLOCK)
            self.iterate(self.schedule.factors(self.step, stop - self.step))
            self.step = stop
            if stop % BLOCK == 0:
                self._saturate()

    @abstractmethod
    def iterate(self, factors: list[float]) -> None:
        """Make one step per factor of the schedule."""

    def state(self) -> State:
        """Return everything that `restore` needs to continue bit for bit."""
        return State({name: getattr(self, name).copy() for name in self.buffers}, {"step": self.step})

    def restore(self, state: State) -> None:
        """Continue from what `state` returned."""
        for name in self.buffers:
            setattr(self, name, np.array(state.arrays[name], dtype=np.float64))
        self.step = int(state.scalars["step"])

    def _saturate(self) -> None:
        for name in self.buffers:
            buffer = getattr(self, name)
            np.clip(buffer, -SATURATION, SATURATION, out=buffer)


class GradientDescent(Optimiser):
    """w -= rate g."""

    def iterate(self, factors: list[float]) -> None:
        """Make one step per factor."""
        w, eta, gradient = self.w, self.schedule.eta, self.gradient
        change = np.empty_like(w)
        for factor in factors:
            np.multiply(gradient(w), eta * factor, out=change)
            np.subtract(w, change, out=w)


class SignDescent(Optimiser):
    """w -= rate sign(g): steepest descent in the l_inf norm without its dual-norm factor."""

    def iterate(self, factors: list[float]) -> None:
        """Make one step per factor."""
        w, eta, gradient = self.w, self.schedule.eta, self.gradient
        change = np.empty_like(w)
        for factor in factors:
            np.sign(gradient(w), out=change)
            np.multiply(change, eta * factor, out=change)
            np.subtract(w, change, out=w)


class HeavyBall(Optimiser):
    """Momentum: u = beta u - rate g(w); w += u."""

    buffers = ("w", "velocity")

    def __init__(self, gradient: Gradient, start: Floats, schedule: Schedule, beta: float = 0.9) -> None:
        super().__init__(gradient, start, schedule)
        require(0 <= beta < 1, f"momentum must be at least 0 and below 1, got {beta:g}")
        self.beta = beta
        self.velocity = np.zeros_like(self.w)

    def iterate(self, factors: list[float]) -> None:
        """Make one step per factor."""
        w, velocity, eta = self.w, self.velocity, self.schedule.eta
        change = np.empty_like(w)
        for factor in factors:
            np.multiply(self.gradient(self._lookahead()), eta * factor, out=change)
            np.multiply(velocity, self.beta, out=velocity)
            np.subtract(velocity, change, out=velocity)
            np.add(w, velocity, out=w)

    def _lookahead(self) -> Floats:
        return self.w


class Nesterov(HeavyBall):
    """Momentum whose gradient is taken where the velocity leads: u = beta u - rate g(w + beta u); w += u."""

    def _lookahead(self) -> Floats:
        ahead: Floats = self.w + self.beta * self.velocity
        return ahead


class Adam(Optimiser):
    """Adam with bias correction; eps may be 0 (coordinates whose gradient was always 0 then stand still)."""

    buffers = ("w", "mean", "square")

    def __init__(
        self, gradient: Gradient, start: Floats, schedule: Schedule, eps: float = 1e-8, betas: tuple[float, float] = (0.9, 0.999)
    ) -> None:
        super().__init__(gradient, start, schedule)
        require(eps >= 0, f"Adam's eps must not be negative, got {eps:g}")
        require(all(0 <= beta < 1 for beta in betas), f"Adam's betas must be at least 0 and below 1, got {betas}")
        self.eps = max(eps, np.finfo(np.float64).tiny)  # 0/tiny = 0 where a gradient was always 0
        self.betas = betas
        self.mean = np.zeros_like(self.w)
        self.square = np.zeros_like(self.w)

    def iterate(self, factors: list[float]) -> None:
        """Make one step per factor."""
        first, second = self.betas
        change, scale = np.empty_like(self.w), np.empty_like(self.w)
        for index, factor in enumerate(factors, start=self.step + 1):
            gradient = self.gradient(self.w)
            np.multiply(self.mean, first, out=self.mean)
            np.multiply(gradient, 1 - first, out=change)
            np.add(self.mean, change, out=self.mean)
            np.multiply(self.square, second, out=self.square)
            np.multiply(gradient, gradient, out=change)
            np.multiply(change, 1 - second, out=change)
            np.add(self.square, change, out=self.square)
            np.divide(self.square, 1 - second**index, out=scale)
            np.sqrt(scale, out=scale)
            np.add(scale, self.eps, out=scale)
            np.divide(self.mean, scale, out=change)
            np.multiply(change, self.schedule.eta * (factor / (1 - first**index)), out=change)
            np.subtract(self.w, change, out=self.w)
