"""Canned curves, figures and pictures for the tests of what is drawn; other tests may use them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from engine.contract import Axis, Figure, Layer, Marker, Picture, Series
from screens.widgets.palette import Level, Theme
from screens.widgets.plot_figure import draw_figure

ACCURACY = Figure("accuracy", "Accuracy", Axis("step", log=True), Axis("fraction right", lo=0, hi=1), ("accuracy/*",))
LOSS = Figure("loss", "Loss", Axis("step"), Axis("cross-entropy", log=True, unit="nats"), ("loss/*",))


def conditions(points: int = 60, last: float = 1e3) -> tuple[Series, ...]:
    """Train and test accuracy and loss over steps, with bands, and a law."""
    step = np.unique(np.round(np.geomspace(1, last, points)))
    train = 1 / (1 + np.exp(-6 * (np.log10(step) - 1)))
    test = 1 / (1 + np.exp(-6 * (np.log10(step) - 2)))
    return (
        Series("accuracy/train", "train", step, train, lo=0.9 * train, hi=np.minimum(1, 1.1 * train), group="train"),
        Series("accuracy/test", "test", step, test, lo=0.9 * test, hi=np.minimum(1, 1.1 * test), group="test"),
        Series("accuracy/law", "a law", step, train, kind="theory", group="train"),
        Series("loss/train", "train", step, 2.3 * np.exp(-step / 200), group="train"),
        Series("loss/test", "test", step, 2.3 * np.exp(-step / 500), group="test"),
    )


MARKERS = (Marker("accuracy", "y", 0.1, "chance"), Marker("acc*", "x", 20, "memorised at 20"))


def curve(x: Any, y: Any, name: str = "a", **changes: Any) -> Series:
    """A measured curve of its own group."""
    return replace(Series(name, name, np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64), group=name), **changes)


def plain(
    figure: Figure, series: Any, markers: Any = (), *, width: int = 60, height: int = 14, theme: Theme | None = None, **more: Any
) -> list[str]:
    """The rows of a figure without their colours."""
    return [row.plain for row in draw_figure(figure, series, markers, width=width, height=height, theme=theme, **more)]


def ascii_theme(**changes: Any) -> Theme:
    """No colour and ASCII only."""
    return replace(Theme(Level.NONE, ascii=True), **changes)


def grid_picture(size: int = 20) -> Picture:
    """A correctness grid of four classes."""
    values = np.add.outer(np.arange(size), np.arange(size)) % 4
    return Picture("grid", "Correctness", values, palette="classes", legend=("wrong", "right", "train", "lost"), equal=True, x="b", y="a")


def plane_picture() -> Picture:
    """Contours with a line, a path, points and rings over them."""
    x, y = np.meshgrid(np.linspace(-3, 3, 40), np.linspace(3, -3, 40))
    layers = (
        Layer("line", np.array([[-3.0, 3.0], [3.0, -3.0]]), "zero loss"),
        Layer("path", np.array([[-2.0, -2.0], [-1.0, -1.0], [0.0, 0.0]]), "gradient descent"),
        Layer("points", np.array([[0.0, 0.0], [2.0, 2.0]]), "solutions"),
        Layer("rings", np.array([[2.0, 2.0]]), "chosen"),
    )
    return Picture("plane", "Minimum norm", (x + y) ** 2, layers, (-3.0, 3.0, -3.0, 3.0), x="w1", y="w2", equal=True)
