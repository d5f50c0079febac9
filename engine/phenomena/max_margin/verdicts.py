"""The claims of max-margin: what each says, its tolerance, and how a run decides it.

MM2 to MM6 and MM10 are about given data, so they are tested on those whatever data the run shows. Soudry et al. 2018,
arXiv:1710.10345; Gunasekar et al. 2018, arXiv:1802.08246. Importable without scipy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Claim, Verdict
from engine.transition import old_verdict

if TYPE_CHECKING:
    from engine.phenomena.max_margin.experiment import Experiment
    from engine.phenomena.max_margin.solved import Solved

KKT, SECOND_ROUTE = 1e-10, 1e-6
DIRECTION, ANGLE, GAP, LOSS = 0.01, 0.02, 0.001, 1e-4
TWO_TERM, FOLLOWS, OWN_MARGIN, EQUAL = 1e-8, 1e-3, 0.95, 1e-4
FOLLOWED, RACED = 200_000, 100_000  # steps
C_DIRECTION, C_ANGLE, C_GAP = 0.6545, 0.2142, 0.29270  # of the four points
RANKED = {"normalised": "l2", "sign": "linf", "coordinate": "l1"}

SOUDRY = "arXiv:1710.10345, Theorem 5"
CLAIMS = (
    Claim("MM1", "Non-negative least squares is the SVM", "Lawson, Hanson 1974", "0", "KKT 1e-10; distance to a second solver 1e-6"),
    Claim("MM2", "Direction law, four points: error x L at s = 1e59", SOUDRY, ".6545", "1 %", ("quick",)),
    Claim("MM3", "Angle law, four points: (1-cos) x L^2 at s = 1e59", SOUDRY, ".2142", "2 %", ("quick",)),
    Claim("MM4", "Margin law, four points: gap x L at s = 1e59", SOUDRY, ".29270", ".1 %", ("quick",)),
    Claim("MM5", "Loss law, four points: loss x s at s = 1e10", SOUDRY, "1/gam^2", "1e-4 relative", ("quick",)),
    Claim("MM6", "Two-term law, four points: distance at s = 1e30", "arXiv:1710.10345, Theorems 3-4", "0", "1e-8", ("quick",)),
    Claim("MM7", "Gradient descent follows the flow: direction at step 200,000", "logistic flow at s = eta t", "0", "1e-3", ("quick",)),
    Claim("MM8", "Each optimiser reaches its own margin, and is the best at it", "arXiv:1802.08246; arXiv:1803.01905",
          "1; best of three", ">= .95 at 100,000 steps", ("standard",)),
    Claim("MM9", "Validation loss grows with log t, its error stays", SOUDRY, "slope > 0; error range 0", "range 1/n_val", ("quick",)),
    Claim("MM10", "Equal duals have no 1/log t term: Soudry's set at s = 1e30", "arXiv:1710.10345, Fig. 1", "0", "1e-4", ("quick",)),
)  # fmt: skip


def judge(claim: Claim, run: Experiment) -> Verdict:
    """Decide a claim by what is computed so far; undecided, with the reason, while it cannot be."""
    return JUDGES[claim.id](claim, run)


def _wait(claim: Claim, why: str) -> Verdict:
    return old_verdict(claim, claim.prediction, None, None, why)


def _same_svm(claim: Claim, run: Experiment) -> Verdict:
    if not run.prepared:
        return _wait(claim, "not solved the second way yet")
    problems = list(dict.fromkeys([*run.main, *run.reference.values()]))
    kkt, away = max(item.svm.kkt for item in problems), max(item.second_route for item in problems)
    note = f"distance to sequential quadratic programming; KKT residual {kkt:.1g}; the worst of {len(problems)} problems"
    return old_verdict(claim, 0.0, away, kkt <= KKT and away <= SECOND_ROUTE, note)


def _reference(run: Experiment, data: str, decade: int) -> tuple[Solved | None, int, str]:
    """A reference set, the place of s = 10^decade in its times, or why there is none."""
    if decade > run.decades:
        return None, 0, f"needs decades {decade}"
    solved = run.reference.get(data)
    if solved is None:
        return None, 0, "the flow is not there yet"
    return solved, int(np.argmin(np.abs(solved.flow.log_s - decade * np.log(10)))), ""


def _law(decade: int, tolerance: float, read: Callable[[Solved, int], tuple[float, float]]) -> Callable[[Claim, Experiment], Verdict]:
    """A claim that a quantity of the four points, with its prediction, agrees within a relative tolerance."""

    def check(claim: Claim, run: Experiment) -> Verdict:
        solved, place, why = _reference(run, "four-point", decade)
        if solved is None:
            return _wait(claim, why)
        predicted, measured = read(solved, place)
        off = measured / predicted - 1
        return old_verdict(claim, predicted, measured, bool(abs(off) <= tolerance), f"{off:+.2g} relative")

    return check


def _two_term(claim: Claim, run: Experiment) -> Verdict:
    solved, place, why = _reference(run, "four-point", 30)
    if solved is None or solved.limit is None:
        return _wait(claim, why)
    distance = float(solved.flow.distance(solved.limit)[place])
    return old_verdict(claim, 0.0, distance, distance <= TWO_TERM)


def _follows(claim: Claim, run: Experiment) -> Verdict:
    if run.last < FOLLOWED:
        return _wait(claim, f"needs gd steps {FOLLOWED}")
    lanes = [lane for lane in run.named("gd") if FOLLOWED in lane.steps]
    if len(lanes) < len(run.problems):
        return _wait(claim, f"not at step {FOLLOWED:,} yet")
    away = max(lane.behind_flow(FOLLOWED) for lane in lanes)
    return old_verdict(claim, 0.0, away, away <= FOLLOWS, f"on {run.wanted.label}")


def _own_margins(claim: Claim, run: Experiment) -> Verdict:
    lanes = {name: run.named(name) for name in RANKED}
    if run.prepared and lanes["sign"][0].last < RACED:
        return _wait(claim, f"needs gd steps {10 * RACED}")
    if not run.prepared or any(RACED not in lane.steps for group in lanes.values() for lane in group):
        return _wait(claim, f"not at step {RACED:,} yet")
    worst, beaten = np.inf, []
    for name, group in lanes.items():
        for index, lane in enumerate(group):
            place = lane.steps.index(RACED)
            shares = {other: float(lanes[other][index].shares(lane.order)[place]) for other in RANKED}
            worst = min(worst, shares[name])
            best = max(shares, key=lambda other: shares[other])
            if best != name:
                seed = lane.solved.problem.seed
                beaten.append(f"seed {seed}: {best} {shares[best]:.4f} above {name} {shares[name]:.4f} in {lane.order}")
    rank = "; ".join(beaten) if beaten else "each the best of three in its own norm"
    return old_verdict(claim, 1.0, worst, worst >= OWN_MARGIN and not beaten, f"the least own-norm share; {rank}")


def _validation(claim: Claim, run: Experiment) -> Verdict:
    if len(run.main) < len(run.problems):
        return _wait(claim, "the flow is not there yet")
    late = run.log_s >= np.log(10)
    readings = [solved.along_flow for solved in run.main]
    slope = min(float(np.polyfit(item.log_s[late], item.held_out_loss[late], 1)[0]) for item in readings)
    spread = max(float(np.ptp(item.held_out_error[late])) for item in readings)
    count = len(run.problems[0].held_out.y)
    note = f"slope of the mean loss on log s; error range {spread:.2g} from s = 10 on, 1/n_val = {1 / count:g}"
    return old_verdict(claim, "> 0", slope, slope > 0 and spread <= 1 / count, note)


def _equal_duals(claim: Claim, run: Experiment) -> Verdict:
    solved, place, why = _reference(run, "soudry", 30)
    if solved is None:
        return _wait(claim, why)
    product = float(solved.along_flow.direction[place] * solved.flow.log_s[place])
    return old_verdict(claim, 0.0, product, product <= EQUAL)


JUDGES: dict[str, Callable[[Claim, Experiment], Verdict]] = {
    "MM1": _same_svm,
    "MM2": _law(59, DIRECTION, lambda of, at: (C_DIRECTION, float(of.along_flow.direction[at] * of.flow.log_s[at]))),
    "MM3": _law(59, ANGLE, lambda of, at: (C_ANGLE, float(of.along_flow.angle[at] * of.flow.log_s[at] ** 2))),
    "MM4": _law(59, GAP, lambda of, at: (C_GAP, float(of.along_flow.gap[at] * of.flow.log_s[at]))),
    "MM5": _law(10, LOSS, lambda of, at: (of.svm.margin**-2, float(of.flow.loss_times_s[at]))),
    "MM6": _two_term,
    "MM7": _follows,
    "MM8": _own_margins,
    "MM9": _validation,
    "MM10": _equal_duals,
}
