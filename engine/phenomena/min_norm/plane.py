"""The textbook's own picture, n = 1 and d = 2: every point of a line fits; which one an optimiser reaches, and from where.

One equation x.w = y in the plane. Circles |w|^2 = c touch the line of solutions at w* = X^+ y only. Gradient descent moves along x,
so it ends at the point of the line straight across from its start: w* from 0, X^+ y + P_null w_0 from w_0.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from engine.contract import Layer, Picture
from engine.phenomena.min_norm.config import MinNormConfig
from engine.phenomena.min_norm.linear import ADAPTIVE, OTHER_LENGTH, RATES, SHOWN_RATE
from engine.theory.implicit_bias.diagonal_flow import diagonal_flow
from engine.theory.implicit_bias.optimisers import Schedule
from engine.theory.inputs import Floats
from engine.theory.linear_models.least_squares_descent import least_squares_optimiser
from engine.theory.linear_models.min_norm import least_squares

ROW, TARGET = (0.6, 0.8), 1.0  # x and y: s_max = 1, and w* = (.6, .8) has norm 1
PROBLEM = least_squares([ROW], [TARGET])
PATH, NETWORK_TIMES = 400, np.geomspace(1e-3, 1e6, 60)  # steps of a path; times of the network's flow
REACH = 50.0  # a path that leaves this far has diverged
CELLS = (48, 72)  # of the loss
MARGIN = 2.4  # half the width of the plane unless a start lies farther out


@lru_cache(maxsize=8)
def plane_picture(config: MinNormConfig) -> Picture:
    """Return the plane with loss, the line of solutions, the circle that it touches in w*, and paths.

    A start of length 0 has another beside it, in the knob's direction.
    """
    across, best = np.array([-ROW[1], ROW[0]]), PROBLEM.solution
    turn = np.deg2rad(config.angle)
    start = (config.w0 or OTHER_LENGTH) * np.array([np.cos(turn), np.sin(turn)])
    half = max(MARGIN, 1.15 * config.w0)
    far = 4 * half
    circle = np.linspace(0, 2 * np.pi, 121)
    ring = np.linalg.norm(best) * np.stack([np.cos(circle), np.sin(circle)], axis=1)  # which the line of solutions touches in w*
    layers = [
        Layer("points", best[None], "w*", "best"),
        Layer("line", np.stack([best - far * across, best + far * across]), "loss 0", "fits"),
        Layer("line", ring, "|w|=|w*|", "best"),
        *_paths(config, start),
        Layer("rings", np.stack([np.zeros(2), start]), "start", "start"),
    ]
    extent = (-half, half, -0.75 * half, 0.75 * half)
    return Picture(
        "plane", "Picture: 1 point, 2 weights", _loss(extent), tuple(layers), extent, palette="grey",
        x="w1", y="w2", equal=True, note=_steps_note(config.eta), shade="|x·w - y|",
    )  # fmt: skip


def _paths(config: MinNormConfig, start: Floats) -> list[Layer]:
    """Gradient descent from both starts, the chosen optimiser from the chosen one, and the network."""
    chosen, other = (start, np.zeros(2)) if config.w0 else (np.zeros(2), start)
    elsewhere = "GD from 0" if config.w0 else f"GD, |w0|={OTHER_LENGTH:.3g}"
    layers = [Layer("path", _descent(config.eta, chosen), "GD", "gd"), Layer("path", _descent(config.eta, other), elsewhere, "gd-other")]
    if config.optimiser != "gd":
        layers.append(Layer("path", _simulated(config, chosen), config.optimiser, config.optimiser))
    if config.param == "diagonal":
        path = diagonal_flow(PROBLEM, config.alpha, NETWORK_TIMES)
        layers.append(Layer("path", np.vstack([np.zeros((1, 2)), path]), f"network, alpha={config.alpha:g}", "network"))
    return layers


def _descent(eta: float, start: Floats) -> Floats:
    return _within(PROBLEM.descend(np.arange(PATH + 1), eta * PROBLEM.step_limit, start))


def _simulated(config: MinNormConfig, start: Floats) -> Floats:
    """True steps of the chosen optimiser."""
    adaptive = config.optimiser in ADAPTIVE
    schedule = Schedule(10 * RATES[SHOWN_RATE], "cosine", PATH) if adaptive else Schedule(config.eta * PROBLEM.step_limit)
    stepper = least_squares_optimiser(config.optimiser, PROBLEM, schedule, start=start, beta=config.beta)
    path = [start]
    for _ in range(PATH):
        stepper.advance(1)
        path.append(stepper.w.copy())
    return _within(np.stack(path))


def _within(path: Floats) -> Floats:
    """The path up to where it leaves the neighbourhood, or comes to rest."""
    gone = np.linalg.norm(path, axis=1) > REACH
    moved = np.linalg.norm(np.diff(path, axis=0), axis=1) > 1e-6
    end = int(np.argmax(gone)) if gone.any() else int(np.max(np.flatnonzero(moved), initial=0)) + 1
    return path[: end + 1]


def _loss(extent: tuple[float, float, float, float]) -> Floats:
    """The loss on the plane's cells, as its root: equal bands are equal distances from the line."""
    x0, x1, y0, y1 = extent
    rows, columns = CELLS
    x, y = _centres(x0, x1, columns), _centres(y0, y1, rows)[::-1]
    loss: Floats = np.abs(ROW[0] * x + ROW[1] * y[:, None] - TARGET)
    return loss


def _centres(low: float, high: float, count: int) -> Floats:
    edges = np.linspace(low, high, count + 1)
    return np.asarray((edges[1:] + edges[:-1]) / 2)


def _steps_note(eta: float) -> str:
    """What a step eta, of 2/s_max^2, does here, where s_max = 1."""
    factor = abs(1 - 2 * eta)
    if eta > 1:
        return f"eta {eta:g}: error x{factor:.3g} a step, diverges"
    if eta == 1:
        return "eta 1: error x-1 a step, oscillates"
    return f"eta {eta:g}: one step" if factor < 1e-12 else f"eta {eta:g}: error x{factor:.3g} a step"
