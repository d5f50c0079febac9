"""The claims about what gradient descent reaches: what each says, its tolerance, and how runs, closed form and draws decide it.

Gunasekar et al. 2018, arXiv:1802.08246; Wilson et al. 2017, arXiv:1705.08292; Woodworth et al. 2020, arXiv:2002.09277.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.contract import Claim, Verdict
from engine.theory.inputs import Floats
from engine.theory.linear_models.draw_statistics import mean_and_error
from engine.theory.linear_models.norm_law import expected_squared_norm
from engine.transition import old_verdict

if TYPE_CHECKING:
    from engine.phenomena.min_norm.linear import LinearPart
    from engine.phenomena.min_norm.records import Records

REACHED, OUTSIDE, EQUAL, SHARED = 1e-8, 1e-12, 1e-10, 1e-6  # MN1 and MN4; MN2; MN3; MN5
SAME, DIFFERENT, FITTED = 1e-8, 1e-2, 1e-6  # MN6: spread of GD, of Adam, and Adam's residual before its norm means anything
KERNEL, OPTIMAL, NETWORK_FIT = 1e-2, 1e-2, 1e-2  # MN7: l1 norm at alpha = 2, KKT residual, and the misfit it needs
FALLING = 1e-10  # MN8, relative
AWAY, ERRORS, FEWEST = 10, 4.0, 20  # MN9: least d - n; standard errors; draws
ALONG = 1e-3  # MN10, radians
LAST_CHECKED, SATURATED = 1000, 1e100  # MN3: its last step; size beyond which diverging weights saturate
COMPARED = (2.0, 0.3, 0.03, 0.001)  # MN7: alphas; at the first the l1 norm is still that of the l2 interpolator
SURE = 1e-10  # what the closed form must reach where it speaks for the simulation
PAGE, GUNASEKAR = "least squares; the textbook's theorem", "arXiv:1802.08246"

CLAIMS = (
    Claim("MN1", "GD from 0 reaches X^+ y", PAGE, "distance 0", "1e-8 relative"),
    Claim("MN2", "It never leaves the row space", PAGE, "null component 0", "1e-12 of the norm"),
    Claim("MN3", "Simulation equals the closed form at t = 1, 10, 100, 1000", "linear algebra", "difference 0", "1e-10 relative"),
    Claim("MN4", "From w_0 it reaches X^+ y + P_null w_0", GUNASEKAR, "distance 0", "1e-8 relative"),
    Claim("MN5", "SGD, momentum and Nesterov reach X^+ y too", GUNASEKAR, "distance 0", "1e-6 relative", ("quick",)),
    Claim(
        "MN6", "GD's limit ignores the step, Adam's does not: relative spread over three steps", GUNASEKAR, "0; > 0",
        "1e-8; >= 1e-2 at residual <= 1e-6", ("quick",),
    ),
    Claim(
        "MN7", "The l1 norm of a diagonal network falls from min-l2's (alpha = 2) as alpha falls", "arXiv:2002.09277",
        "min-l2's, falling; KKT 0", "1 %; monotone; 1e-2", ("quick",),
    ),
    Claim("MN8", "Nested norms fall: |w*| over d >= n, y fixed", "exercise 1", "no rise", "1e-10 relative"),
    Claim("MN9", "Mean norm law: E|w*|^2 = r2 n/d + sigma2 n/(d-n-1)", "inverse Wishart mean", "formula", "4 SE, d >= n+10", ("quick",)),
    Claim("MN10", "Adam on Wilson's data goes along sign(X^T y)", "arXiv:1705.08292, Lemma 3.1", "angle 0", "1e-3 rad", ("quick",)),
)  # fmt: skip

Judgement = tuple[float | str | None, bool | None, str] | tuple[float | str | None, bool | None, str, float]
"""Measured, whether it holds, a remark (why it is not decided), and what is predicted where that is a number of its own."""


@dataclass(frozen=True)
class Evidence:
    """What is known so far.

    over: whether everything has run. runs: gradient descent of each seed. alphas, l1_of_l2: of the networks, and the l1 norm (seeds,)
    of their l2 interpolator. nested: norms (k,) per seed. squares: |w*|^2 of complete draws at widths.
    """

    records: Records
    runs: Sequence[LinearPart]
    steps: int
    over: bool
    n: int
    r2: float
    sigma2: float
    alphas: list[float] = field(default_factory=list)
    l1_of_l2: Sequence[float] = ()
    nested: Sequence[Floats] = ()
    widths: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    squares: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    def latest(self, quantity: str, arm: str = "", part: str = "linear") -> Floats:
        """Return the latest values of an arm (seeds,), or of a quantity without arms (seeds, entries); empty before the first."""
        values = self.records.of(part, quantity, arm) if arm else self.records.flat(part, quantity)[1]
        return values[-1] if len(values) else np.zeros(0)


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Return the verdict on a claim; undecided, with the reason, while or where it cannot be decided."""
    measured, holds, note, *predicted = JUDGES[claim.id](evidence)
    return old_verdict(claim, predicted[0] if predicted else claim.prediction, measured, holds, note)


def _from_zero(e: Evidence) -> Judgement:
    return _arrives(e, int(np.argmin(np.linalg.norm(e.runs[0].starts[:2], axis=1))), "distance")


def _from_elsewhere(e: Evidence) -> Judgement:
    return _arrives(e, int(np.argmax(np.linalg.norm(e.runs[0].starts[:2], axis=1))), "off-limit")


def _arrives(e: Evidence, arm: int, quantity: str) -> Judgement:
    """Distance of gradient descent at the last step; by the closed form where so many steps cannot suffice."""
    converges = _convergent(e)
    if converges:
        return None, None, converges
    far = e.latest(quantity, ("gd", "gd-other")[arm])
    if not far.size:
        return None, None, ""
    worst = float(far.max())
    if worst <= REACHED:
        return worst, True, ""
    needed = max(float(run.problem.squares.steps_to(SURE * _ease(run, arm), run.eta)) for run in e.runs)
    if needed <= e.steps:
        return worst, False if e.over else None, "" if e.over else "still on its way"
    closed = max(float(run.closed_form(np.array([np.ceil(needed)]))[arm][quantity][0]) for run in e.runs)
    note = f"by the closed form after {needed:.3g} steps; {e.steps:,} true ones leave {worst:.1e}" if e.over else ""
    return (closed, closed <= REACHED, note) if e.over else (worst, None, "still on its way")


def _ease(run: LinearPart, arm: int) -> float:
    """How much smaller the goal is than the way to it: what every direction's error must shrink by besides."""
    way = np.linalg.norm(run.starts[arm] - run.limits[arm])
    return min(1.0, float(np.linalg.norm(run.limits[arm]) / way))


def _convergent(e: Evidence) -> str:
    """Why gradient descent does not converge, or nothing."""
    eta = e.runs[0].design.eta
    return "" if 0 < eta < 1 else f"needs 0 < eta < 1 (of 2/s_max^2), got {eta:g}"


def _in_row_space(e: Evidence) -> Judgement:
    run = e.runs[0]
    if run.problem.squares.rank == run.design.d:
        return None, None, "needs d > n: every vector is in the row space"
    arm = "gd" if run.design.start == 0 else "gd-other"
    end = e.records.end("linear", arm)  # beyond, diverging weights are cut off and are no longer those of descent
    values = e.records.of("linear", "null", arm)[: None if end is None else end + 1]
    if not e.over:
        return (float(values.max()) if values.size else None), None, ""
    worst = float(values.max())
    return worst, worst <= OUTSIDE, f"largest of {len(values)} measurements"


def _closed_form(e: Evidence) -> Judgement:
    steps, gaps = e.records.flat("linear", "gap")
    if not len(steps):
        return None, None, "" if e.steps > 1 else "needs 10 steps"
    sizes = [e.records.of("linear", "l2", arm) for arm in ("gd", "gd-other")]
    counts = e.records.steps("linear")
    finite = [all(bool(np.all(size[counts == step] < SATURATED)) for size in sizes) for step in steps]
    worst = float(gaps[finite].max())
    done = e.over or steps[-1] == LAST_CHECKED
    seen = ", ".join(f"{int(step)}" for step, there in zip(steps, finite, strict=True) if there)
    return worst, (worst <= EQUAL if done or worst > EQUAL else None), f"t = {seen}"


def _shared_limit(e: Evidence) -> Judgement:
    arms = [arm for arm in ("sgd", "momentum", "nesterov") if arm in e.runs[0].arms]
    if not arms:
        return None, None, "needs param linear"
    lost = [arm for arm in arms if e.records.end("linear", arm) is not None or (arm != "sgd" and e.runs[0].divergent(arm))]
    if lost or _convergent(e):
        return None, None, f"eta is beyond the limit of {lost[0]}" if lost else _convergent(e)
    far = {arm: e.latest("off-limit", arm) for arm in arms}
    if not far[arms[0]].size:
        return None, None, ""
    value, worst = max((float(far[arm].max()), arm) for arm in arms)
    if value <= SHARED or not e.over:
        return value, True if value <= SHARED else None, f"{worst} is farthest"
    slow = e.latest("off-limit", "gd").max() > SHARED
    return value, None if slow else False, f"{worst}: not by step {e.steps:,}"


def _step_matters(e: Evidence) -> Judgement:
    if "adam" not in e.runs[0].arms:
        return None, None, "needs param linear"
    design = e.runs[0].design
    if design.n == 1 or design.d == design.n:
        return None, None, "needs d > n >= 2: with one solution, or one sample (Wilson's lemma), no step can matter"
    if not e.over:
        return None, None, ""
    gd, norms = float(e.latest("gd-spread").max()), e.latest("adam-norms")
    spread = float(((norms.max(axis=1) - norms.min(axis=1)) / norms.mean(axis=1)).min())
    residual = float(e.latest("adam-residual").max())
    measured = f"{gd:.1e}; {spread:.2g}"
    slow = float(e.latest("off-limit", "gd").max())
    if residual > FITTED or gd > SAME < slow:
        return measured, None, f"not by step {e.steps:,}: Adam's residual {residual:.1e}, GD's distance {slow:.1e}"
    return measured, gd <= SAME and spread >= DIFFERENT, f"GD's weights, Adam's |w|; Adam fits to {residual:.0e}"


def _kernel_to_rich(e: Evidence) -> Judgement:
    if not e.over:
        return None, None, ""
    compared = [e.alphas.index(alpha) for alpha in COMPARED]
    l1, kkt, misfit = (e.latest(name, part="network")[:, compared] for name in ("l1", "kkt", "misfit"))
    off = float(np.abs(l1[:, 0] / np.asarray(e.l1_of_l2) - 1).max())
    falls = bool(np.all(np.diff(l1, axis=1) < 0))
    measured = ", ".join(f"{value:.3g}" for value in l1[0])
    if misfit.max() > NETWORK_FIT:
        return measured, None, f"a network has not fitted: misfit {misfit.max():.1e}, raise steps"
    scales = ", ".join(f"{alpha:g}" for alpha in COMPARED)
    note = f"alpha {scales}, true descent; {off:.1e} off min-l2's {e.l1_of_l2[0]:.3g}; KKT {kkt.max():.1e}"
    return measured, off <= KERNEL and falls and bool(kkt.max() <= OPTIMAL), note


def _nested_falls(e: Evidence) -> Judgement:
    if not e.nested:
        return None, None, ""
    rise = max(float(np.max(np.diff(norms) / norms[:-1])) for norms in e.nested)
    note = f"largest relative rise over {len(e.nested[0])} widths; |w*| from {e.nested[0][0]:.3g} to {e.nested[0][-1]:.3g}"
    return rise, rise <= FALLING, note


def _norm_law(e: Evidence) -> Judgement:
    if not e.over or len(e.squares) < FEWEST:
        return None, None, f"needs {FEWEST} draws, {len(e.squares)} so far" if len(e.squares) < FEWEST else f"{len(e.squares)} draws so far"
    away = e.widths >= e.n + AWAY
    mean, error = mean_and_error(e.squares[:, away])
    expected = np.array([expected_squared_norm(e.n, int(d), e.r2, e.sigma2) for d in e.widths[away]])
    off = np.abs(mean - expected) / error
    worst = int(np.argmax(off))
    note = f"at d={e.widths[away][worst]}, the worst of {off.size}: {off[worst]:.1f} SE, {len(e.squares)} draws"
    return float(mean[worst]), bool(off[worst] <= ERRORS), note, float(expected[worst])


def _wilson(e: Evidence) -> Judgement:
    if "adam" not in e.runs[0].arms:
        return None, None, "needs param linear"
    angles = e.latest("wilson-angle")
    if not angles.size:
        return None, None, ""
    worst = float(angles.max())
    return worst, worst <= ALONG if e.over else None, ""


JUDGES: dict[str, Callable[[Evidence], Judgement]] = {
    "MN1": _from_zero, "MN2": _in_row_space, "MN3": _closed_form, "MN4": _from_elsewhere, "MN5": _shared_limit,
    "MN6": _step_matters, "MN7": _kernel_to_rich, "MN8": _nested_falls, "MN9": _norm_law, "MN10": _wilson,
}  # fmt: skip
