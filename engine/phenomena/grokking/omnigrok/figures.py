"""What is drawn of task images: accuracy, loss and norm of the three main settings, and when each decay generalised; markers, sentences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.contract import Axis, Figure, Marker, Series
from engine.phenomena.grokking.config import IMAGES
from engine.phenomena.grokking.milestones import MEMORISED, Milestones, all_reached
from engine.phenomena.grokking.omnigrok.settings import USUAL, WATCHED, ImageSetting
from engine.phenomena.grokking.settings import MAIN, NO_DECAY
from engine.readings import summarised

FIGURES = (
    Figure("norm", "Weight norm", Axis("step", log=True, lo=1), Axis("norm / first norm", log=True), ("norm/*",),
           "line: exp(-lr wd t), decay alone", empty="fills with the knob task at images", domain=(IMAGES,)),
)  # fmt: skip
FITTED, FINE = "fitted", 60  # points of a law


def curves(r: Milestones, lr: float) -> Iterator[Series]:
    """Yield accuracy, loss and norm of the watched settings, the norm that decay alone would leave, and delays."""
    names = [name for name in WATCHED if name in r.settings]
    for figure in ("accuracy", "loss"):
        for name in names:
            for part in ("train", "test") if name == MAIN else ("test",):
                label = f"{part}, {r.settings[name].label}"
                yield r.curve(f"{part}-{figure}", name, label, name=f"{figure}/{part}-{name}", group=f"{part}-{name}", from_step=1)
    for name in names:
        steps, squared = r.table("norm", name)
        if len(steps):
            shares, later = np.sqrt(squared / squared[0]), steps >= 1
            yield summarised(f"norm/{name}", r.settings[name].label, steps[later], shares[later], group=f"test-{name}")
    main = r.settings[MAIN]
    if main.wd > 0 and r.history.last >= 1:
        t = np.geomspace(1, r.history.last, FINE)
        left = np.exp(-lr * main.wd * t)
        above = left > np.exp(-5)  # far below, the curves would lie on one another
        yield Series("norm/law", "exp(-lr wd t)", t[above], left[above], kind="theory", basis="asymptotic", group="law")
    yield from _delays(r)


def _delays(r: Milestones) -> Iterator[Series]:
    """Yield when the settings of large weights generalised against their decay, and those that have not as points."""
    swept = sorted((s for s in r.settings.values() if isinstance(s, ImageSetting) and s.name != USUAL), key=lambda s: s.wd)
    seen = [s for s in swept if all_reached(r.grokked(s.name))]
    if seen:
        label = f"alpha {seen[0].alpha:g}"
        yield summarised("delay-vs-decay/alpha", label, [s.wd for s in seen], np.stack([r.grokked(s.name) for s in seen]), group="alpha")
    late = [s for s in swept if s not in seen and r.over(s.name)]
    if late:
        x, y = np.array([(s.wd, s.steps) for s in late], dtype=np.float64).T
        yield Series("delay-vs-decay/censored", "not by this step", x, y, style="points", group="censored")


def markers(r: Milestones, chance: float) -> Iterator[Marker]:
    """Yield when the main setting fitted and generalised (medians over seeds), and chance."""
    yield Marker("accuracy", "y", chance, "chance")
    fitted, grokked = r.memorised(), r.grokked()
    found = []
    if all_reached(fitted):
        found.append((float(np.median(fitted)), f"fitted at {np.median(fitted):,.0f}", FITTED))
    if all_reached(grokked):
        at = float(np.median(grokked))
        found.append((at, f"generalised at {at:,.0f}, ratio {np.median(r.delay_ratio()):.3g}", "grokked"))
    yield from (Marker(figure, "x", *event) for event in found for figure in ("accuracy", "loss", "norm"))


def sentences(r: Milestones) -> Iterator[str]:
    """Say what cannot be seen: thresholds, and of each setting when it fitted and generalised, the main one last of all."""
    yield f"fitted: at least {MEMORISED} % of training images right; generalised: {r.percent} % of test images; medians over seeds"
    for name in (NO_DECAY, USUAL, MAIN):
        if name not in r.settings:
            continue
        label, fitted, grokked = r.settings[name].label, r.memorised(name), r.grokked(name)
        over = r.over(name)
        if not all_reached(fitted):
            if over:
                yield f"{label}: not fitted by step {r.history.last:,} (censored)"
            continue
        said = f"{label}: fitted at {np.median(fitted):,.0f}"
        if all_reached(grokked):
            yield f"{said}, generalised at {np.median(grokked):,.0f}, ratio {np.median(r.delay_ratio(name)):.3g}"
        else:
            yield f"{said}, not generalised by step {r.history.last:,} (censored)" if over else f"{said}, not generalised yet"
