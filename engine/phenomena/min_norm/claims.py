"""The claims about what gradient descent reaches: what each says, its tolerance, and how runs, closed form and draws decide it.

Gunasekar et al. 2018, arXiv:1802.08246; Wilson et al. 2017, arXiv:1705.08292; Woodworth et al. 2020, arXiv:2002.09277.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.contract import Claim, Condition, one_of, within
from engine.data.regression import NONE
from engine.judging import Judgement, Judges, censored, decided, not_applicable, pending
from engine.phenomena.min_norm.config import BESIDE
from engine.phenomena.min_norm.noise_claims import MIRROR_CLAIMS, NOISE_CLAIMS, NOISE_JUDGES
from engine.theory.linear_models.norm_law import expected_squared_norm, squared_norm_variance

if TYPE_CHECKING:
    from engine.phenomena.min_norm.experiment import MinNorm
    from engine.phenomena.min_norm.linear import Linear
    from engine.theory.linear_models.least_squares_descent import Method

Floats = NDArray[np.float64]

REACHED, OUTSIDE, EQUAL, SHARED = 1e-8, 1e-12, 1e-10, 1e-6  # MN1 and MN4; MN2; MN3; MN5
SAME, DIFFERENT, FITTED = 1e-8, 1e-2, 1e-6  # MN6: spread of GD, of Adam, and Adam's residual before its norm means anything
KERNEL, OPTIMAL, NETWORK_FIT = 1e-2, 1e-2, 1e-2  # MN7: l1 norm at alpha = 2, KKT residual, and the misfit it needs
FALLING = 1e-10  # MN8, relative
AWAY, LUCK, FEWEST = 10, 1e-4, 100  # MN9: least d - n; how often the worst of all widths is beyond its quantile; draws
ALONG = 1e-3  # MN10, radians
LAST_CHECKED, SATURATED = 1000, 1e100  # MN3: its last step; size beyond which diverging weights saturate
COMPARED = (2.0, 0.3, 0.03, 0.001)  # MN7: alphas; at the first the l1 norm is still that of the l2 interpolator
SURE = 1e-10  # what the closed form must have reached before descent is said to have had steps enough
SHARING: tuple[Method, ...] = ("sgd", "momentum", "nesterov")  # MN5
PAGE, GUNASEKAR = "least squares; the textbook's theorem", "arXiv:1802.08246"

LINEAR, DRAWN = one_of("param", "linear"), one_of("dataset", NONE)
CONVERGENT = Condition("0 < eta < 1 (of 2/s_max^2)", lambda config: 0 < config.eta < 1)
UNDERDETERMINED = Condition("d > n: else every vector is in the row space", lambda config: config.d > config.n)
SEVERAL = Condition(
    "n at least 4 and d at least 5 n: with few solutions, or few samples (one is Wilson's lemma), the step matters little",
    lambda config: config.n >= 4 and config.d >= 5 * config.n,
)
CLAIMS = (
    Claim("MN1", "GD from 0 reaches X^+ y: distance", PAGE, "0", "1e-8 relative", domain=(CONVERGENT, BESIDE), chance=1e-3),
    Claim("MN2", "It never leaves the row space: largest null component", PAGE, "0", "1e-12 of the largest norm so far",
          domain=(UNDERDETERMINED, BESIDE), chance=1e-3),
    Claim("MN3", "Simulation equals the closed form: difference at t = 1, 10, 100, 1000", "linear algebra", "0", "1e-10 relative",
          domain=(BESIDE,), chance=1e-3),
    Claim("MN4", "From w_0 it reaches X^+ y + P_null w_0: distance", GUNASEKAR, "0", "1e-8 relative",
          domain=(CONVERGENT, BESIDE), chance=1e-3),
    Claim("MN5", "SGD, momentum and Nesterov reach X^+ y too: largest distance", GUNASEKAR, "0", "1e-6 relative", ("quick",),
          (LINEAR, CONVERGENT), 1e-3),
    Claim(
        "MN6", "GD's limit ignores the step, Adam's does not: relative spread over three steps", GUNASEKAR, "GD 0; Adam > 0",
        "GD 1e-8; Adam 1e-2 or more", ("quick",), (LINEAR, DRAWN, SEVERAL), 0.01,
    ),
    Claim(
        "MN7", "The l1 norm of a diagonal network falls from min-l2's (alpha = 2) as alpha falls", "arXiv:2002.09277",
        "min-l2's, falling; KKT 0", "1 %; monotone; 1e-2", ("quick",), (within("steps", 2000), BESIDE), 0.01,
    ),
    Claim("MN8", "Nested norms fall: largest rise of |w*| over d >= n, y fixed", "exercise 1", "0", "1e-10 relative", domain=(BESIDE,),
          chance=1e-3),
    Claim(
        "MN9", "Mean norm law: E|w*|^2 = r2 n/d + sigma2 n/(d-n-1)", "inverse Wishart mean", "formula",
        "quantile of 1 run in 10,000 over all d >= n+10", ("quick",), (DRAWN, within("n", 4), within("draws", FEWEST), BESIDE), 1e-3,
    ),
    Claim("MN10", "Adam on Wilson's data goes along sign(X^T y): angle", "arXiv:1705.08292, Lemma 3.1", "0", "1e-3 rad", ("quick",),
          (LINEAR,), 1e-3),
    *NOISE_CLAIMS,
    *MIRROR_CLAIMS,
)  # fmt: skip

UNTIL_THE_END = "decided at the last step"


def _from_zero(run: MinNorm) -> Judgement:
    return _arrives(run, int(np.argmin(np.linalg.norm(run.linear[0].starts[:2], axis=1))), "distance")


def _from_elsewhere(run: MinNorm) -> Judgement:
    return _arrives(run, int(np.argmax(np.linalg.norm(run.linear[0].starts[:2], axis=1))), "off-limit")


def _arrives(run: MinNorm, place: int, quantity: str) -> Judgement:
    """Distance of gradient descent at the last step; censored where so many steps cannot suffice, as the closed form counts them."""
    if not run.history.records:
        return pending("nothing is measured yet")
    worst = _worst(run, quantity, run.linear[0].settings[place].name)
    if worst <= REACHED:
        return decided(True, worst)
    if not run.over:
        return pending("still on its way", worst)
    needed = max(float(linear.problem.steps_to(SURE * _ease(linear, place), linear.eta)) for linear in run.linear)
    if needed <= run.config.steps:
        return decided(False, worst)
    return censored(worst, f"not by step {run.config.steps:,}: {needed:,.0f} are needed", values={"steps needed": needed})


def _ease(linear: Linear, place: int) -> float:
    """How much smaller the goal is than the way to it: what every direction's error must shrink by besides."""
    way = np.linalg.norm(linear.starts[place] - linear.limits[place])
    return min(1.0, float(np.linalg.norm(linear.limits[place]) / way))


def _worst(run: MinNorm, quantity: str, setting: str = "") -> float:
    """The largest of the latest values over seeds."""
    return float(run.readings.latest(quantity, setting).max())


def _in_row_space(run: MinNorm) -> Judgement:
    """Held against the largest norm so far: a step of exactly 2/s^2 comes back to 0, where nothing but rounding is left to divide by."""
    setting = run.linear[0].settings[0 if run.config.w0 == 0 else 1]
    end = run.divergence(setting)  # beyond, diverging weights are cut off and are no longer those of descent
    share, size = (run.readings.table(name, setting.name)[1][: None if end is None else end + 1] for name in ("null", "l2"))
    largest = np.maximum.accumulate(size, axis=0)
    values = share * size / np.where(largest > 0, largest, 1.0)
    if not run.over:
        return pending(UNTIL_THE_END, float(values.max()) if values.size else None)
    worst = float(values.max())
    return decided(worst <= OUTSIDE, worst, f"largest of {len(values)} measurements")


def _closed_form(run: MinNorm) -> Judgement:
    steps, gaps = run.history.column("gap")  # (k,), (k, seeds, starts)
    if not len(steps):
        return pending("not at step 1 yet")
    counts, size = run.history.column("l2")  # (all measurements,), (all measurements, networks)
    of_descent = [place for name in ("gd", "gd-other") for place in run.readings.columns(name)]
    finite = [bool(np.all(size[counts == step][:, of_descent] < SATURATED)) for step in steps]
    worst, seen = float(gaps[finite].max()), ", ".join(f"{int(step)}" for step, there in zip(steps, finite, strict=True) if there)
    if worst <= EQUAL and not run.over and steps[-1] != LAST_CHECKED:
        return pending(f"t = {seen}", worst)
    return decided(worst <= EQUAL, worst, "" if seen.endswith(str(LAST_CHECKED)) else f"at t = {seen} only")


def _shared_limit(run: MinNorm) -> Judgement:
    settings = {setting.name: setting for setting in run.linear[0].settings}
    for name in SHARING:
        if run.divergence(settings[name]) is not None or (name != "sgd" and run.linear[0].divergent(name)):
            return not_applicable(f"eta is beyond the limit of {name}")
    if not run.history.records:
        return pending("nothing is measured yet")
    far: dict[Method, float] = {name: _worst(run, "off-limit", name) for name in SHARING}
    value, worst = max((distance, name) for name, distance in far.items())
    values: dict[str, float] = {str(name): distance for name, distance in far.items()}
    if value <= SHARED:
        return decided(True, value, f"{worst} is farthest", values=values)
    if not run.over:
        return pending(f"{worst} is farthest", value)
    late = f"{worst}: not by step {run.config.steps:,}"
    slow = _worst(run, "off-limit", "gd") > SHARED or any(item.needed(worst, SHARED) > run.config.steps for item in run.linear)
    return censored(value, late, values=values) if slow else decided(False, value, late, values=values)


def _step_matters(run: MinNorm) -> Judgement:
    if not run.over:
        return pending(UNTIL_THE_END)
    norms: Floats = run.history.column("adam-norms")[1][-1]  # (seeds, rates)
    gd, residual, slow = _worst(run, "gd-spread"), _worst(run, "adam-residual"), _worst(run, "off-limit", "gd")
    spread = float(((norms.max(axis=1) - norms.min(axis=1)) / norms.mean(axis=1)).min())
    measured = f"GD {gd:.1e}; Adam {spread:.2g}"
    if residual > FITTED or gd > SAME < slow:
        late = f"not by step {run.config.steps:,}: Adam's residual {residual:.1e}, GD's distance {slow:.1e}"
        return censored(measured, late, values={"residual": residual, "distance": slow})
    note = f"GD's weights, Adam's |w| fitted to {residual:.0e}"
    return decided(gd <= SAME and spread >= DIFFERENT, measured, note, values={"GD": gd, "Adam": spread, "residual": residual})


def _kernel_to_rich(run: MinNorm) -> Judgement:
    if not run.over:
        return pending(UNTIL_THE_END)
    network = run.diagonal[0]
    names = [network.settings[network.alphas.index(alpha)].name for alpha in COMPARED]
    l1, kkt, misfit = (np.stack([run.readings.latest(quantity, name) for name in names]) for quantity in ("l1", "kkt", "misfit"))
    of_l2 = np.array([float(np.abs(part.problem.solution).sum()) for part in run.diagonal])
    off, falls = float(np.abs(l1[0] / of_l2 - 1).max()), bool(np.all(np.diff(l1, axis=0) < 0))
    measured = ", ".join(f"{value:.3g}" for value in l1[:, 0])
    if misfit.max() > NETWORK_FIT:
        return censored(
            measured, f"a network has not fitted: misfit {misfit.max():.1e}, raise steps", values={"misfit": float(misfit.max())}
        )
    scales = ", ".join(f"{alpha:g}" for alpha in COMPARED)
    note = f"alpha {scales}, true descent; {off:.1e} off min-l2's {of_l2[0]:.3g}; KKT {kkt.max():.1e}"
    values = {f"l1 at alpha {alpha:g}": float(value) for alpha, value in zip(COMPARED, l1[:, 0], strict=True)}
    return decided(off <= KERNEL and falls and bool(kkt.max() <= OPTIMAL), measured, note, values=values)


def _nested_falls(run: MinNorm) -> Judgement:
    nested = run.theory.nested
    if len(nested) < len(run.seeds):
        return pending("not worked out yet")
    rise = max(float(np.max(np.diff(norms) / norms[:-1])) for norms in nested)
    falls = "" if rise > 0 else f", by {-rise:.2g} of itself or more from each to the next"
    note = f"|w*| from {nested[0][0]:.3g} to {nested[0][-1]:.3g} over {len(nested[0])} widths{falls}"
    return decided(rise <= FALLING, max(rise, 0.0), note, values={"largest rise": rise})


def _norm_law(run: MinNorm) -> Judgement:
    """Held against the law's own variance, so that a rare large draw is not taken for a small error; the worst of all widths."""
    from scipy.stats import norm  # a declaration loads no scipy

    c, draws = run.config, run.draws
    if not run.over or draws.done < FEWEST:
        return pending(f"{draws.done} draws so far")
    away = draws.widths >= c.n + AWAY
    widths = [int(width) for width in draws.widths[away]]
    mean = draws.squares[: draws.done, away].mean(axis=0)
    expected = np.array([expected_squared_norm(c.n, d, c.r2, c.sigma**2) for d in widths])
    error = np.sqrt([squared_norm_variance(c.n, d, c.r2, c.sigma**2) / draws.done for d in widths])
    if error.max() == 0:  # d = n + ... without noise and with one direction: nothing varies
        return not_applicable("needs a norm that varies between draws")
    off = np.abs(mean - expected) / error
    most = float(norm.isf(LUCK / 2 / off.size))
    worst = int(np.argmax(off))
    note = f"at d={widths[worst]}, the worst of {off.size}: {off[worst]:.1f} SE, at most {most:.1f}; {draws.done} draws"
    values = {"standard errors": float(off[worst]), "at most": most}
    return decided(bool(off[worst] <= most), float(mean[worst]), note, predicted=float(expected[worst]), values=values)


def _wilson(run: MinNorm) -> Judgement:
    if len(run.history) < 2:
        return pending("at step 0 Adam has no direction")
    worst = _worst(run, "wilson-angle")
    return decided(worst <= ALONG, worst) if run.over else pending(UNTIL_THE_END, worst)


JUDGES: Judges[MinNorm] = {
    "MN1": _from_zero, "MN2": _in_row_space, "MN3": _closed_form, "MN4": _from_elsewhere, "MN5": _shared_limit,
    "MN6": _step_matters, "MN7": _kernel_to_rich, "MN8": _nested_falls, "MN9": _norm_law, "MN10": _wilson,
    **NOISE_JUDGES,
}  # fmt: skip
