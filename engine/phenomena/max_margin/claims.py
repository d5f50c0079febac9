"""The claims of max-margin: what each says, its tolerance, and how a run decides it.

MM2 to MM6 and MM10 are about given data, so they are tested on those whatever data the run shows; the four points differ
between seeds by signs that fold in, so no luck is in them. Soudry et al. 2018,
arXiv:1710.10345; Gunasekar et al. 2018, arXiv:1802.08246.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Claim, one_of, within
from engine.judging import Judgement, Judges, censored, decided, not_applicable, pending
from engine.phenomena.max_margin.asymptotics import claims as asymptotics
from engine.phenomena.max_margin.config import DESCENT
from engine.phenomena.max_margin.convolutional import claims as convolutional
from engine.phenomena.max_margin.homogeneous import claims as homogeneous
from engine.phenomena.max_margin.mirror import claims as mirror

if TYPE_CHECKING:
    from engine.phenomena.max_margin.experiment import MaxMargin
    from engine.phenomena.max_margin.solution import Solution

KKT, SECOND_ROUTE = 1e-10, 1e-6
DIRECTION, ANGLE, GAP, LOSS = 0.01, 0.02, 0.001, 1e-4
TWO_TERM, FOLLOWS, OWN_MARGIN, EQUAL = 1e-8, 1e-3, 0.95, 1e-4
SLOPE, ERROR, SETTLED = 0.02, 0.01, 0.005
FOLLOWED, RACED = 200_000, 100_000  # steps
FAR = 700.0  # an exponent just below what overflows
NEAR = 0.01  # margin over the longest row below which 100,000 steps, whose error is O(ln t/sqrt t) times its inverse, come nowhere
C_DIRECTION, C_ANGLE, C_GAP = 0.6545, 0.2142, 0.29270  # of the four points
RANKED = ("normalised", "sign", "coordinate")  # each the best at a norm of its own

SOUDRY = "arXiv:1710.10345, Theorem 5"
TO_THE_END, HALF_WAY, EARLY = within("decades", 59), within("decades", 30), within("decades", 10)
DESCENT_CLAIMS = (
    Claim("MM1", "Non-negative least squares finds the SVM: distance to sequential quadratic programming", "Lawson, Hanson 1974", "0",
          "1e-6; KKT residual 1e-10", chance=1e-3),
    Claim("MM2", "Direction law, four-point set: error x ln s at s = 1e59", SOUDRY, ".6545", "1 %", ("quick",), (TO_THE_END,)),
    Claim("MM3", "Angle law, four-point set: (1-cos) x (ln s)^2 at s = 1e59", SOUDRY, ".2142", "2 %", ("quick",), (TO_THE_END,)),
    Claim("MM4", "Margin law, four-point set: gap x ln s at s = 1e59", SOUDRY, ".2927", ".1 %", ("quick",), (TO_THE_END,)),
    Claim("MM5", "Loss law, four-point set: loss x s at s = 1e10", SOUDRY, "1/gamma^2", ".01 %", ("quick",), (EARLY,)),
    Claim("MM6", "Two-term law, four-point set: distance at s = 1e30", "arXiv:1710.10345, Theorems 3-4", "0", "1e-8", ("quick",),
          (HALF_WAY,)),
    Claim("MM7", "Gradient descent follows the flow: direction at step 200,000", "logistic flow at s = eta t", "0", "1e-3", ("quick",),
          (within("gd_steps", FOLLOWED),), 1e-3),
    Claim("MM8", "Each optimiser reaches its own margin, where another's goal lies lower", "arXiv:1802.08246; arXiv:1803.01905",
          "1; best of three", ">= .95 at 100,000 steps", ("standard",), (one_of("data", "gauss"), within("gd_steps", 10 * RACED)), 0.01),
    Claim("MM9", "Validation loss grows with ln s, by what w_hat gets wrong, while the error goes to w_hat's: slope of the loss", SOUDRY,
          "mean of max(0, -y x.w_hat)", "slope 2 %; error .01", ("quick",), (HALF_WAY,), 1e-3),
    Claim("MM10", "Equal duals have no 1/ln t term: Soudry's set at s = 1e30", "arXiv:1710.10345, Fig. 1", "0", "1e-4", ("quick",),
          (HALF_WAY,), 1e-3),
)  # fmt: skip
CLAIMS = (
    *(replace(claim, domain=(*claim.domain, DESCENT)) for claim in DESCENT_CLAIMS),
    *asymptotics.CLAIMS, *mirror.CLAIMS, *homogeneous.CLAIMS, *convolutional.CLAIMS,
)  # fmt: skip

Read = Callable[["Solution", int], tuple[float, float]]
"""What is predicted of a solution, and what is measured at a place among its times."""


def _same_svm(run: MaxMargin) -> Judgement:
    if not run.prepared:
        return pending("not solved the second way yet")
    solutions = list(dict.fromkeys([*run.solutions, *run.references.values()]))
    lost = next((item for item in solutions if np.isnan(item.second_route)), None)
    if lost is not None:
        share = lost.svm.margin / float(np.linalg.norm(lost.svm.Z, axis=1).max())
        return not_applicable(f"the margin is {share:.1g} of the longest row, where no solver keeps ten digits: scale the columns alike")
    kkt, away = max(item.svm.kkt for item in solutions), max(item.second_route for item in solutions)
    note = f"KKT residual {kkt:.1g}, worst of {len(solutions)} problems"
    return decided(kkt <= KKT and away <= SECOND_ROUTE, away, note, predicted=0.0, values={"KKT residual": kkt})


def _on(data: str, decade: int, judge: Callable[[Solution, int], Judgement]) -> Callable[[MaxMargin], Judgement]:
    """A claim about a reference set at s = 10^decade, whose place among the solution's times `judge` is given."""

    def judged(run: MaxMargin) -> Judgement:
        if data not in run.references:
            return pending("the flow is not there yet")
        solution = run.references[data]
        return judge(solution, int(np.argmin(np.abs(solution.flow.log_s - decade * np.log(10)))))

    return judged


def _law(decade: int, tolerance: float, read: Read) -> Callable[[MaxMargin], Judgement]:
    """A claim that a quantity of the four-point set agrees with its prediction within a relative tolerance."""

    def judge(solution: Solution, place: int) -> Judgement:
        predicted, measured = read(solution, place)
        off = measured / predicted - 1
        digits = 1 + int(np.ceil(-np.log10(100 * tolerance)))  # one more than the tolerance has
        return decided(bool(abs(off) <= tolerance), measured, f"off by {abs(100 * off):.{digits}f} %", predicted=predicted)

    return _on("four-point", decade, judge)


def _two_term(solution: Solution, place: int) -> Judgement:
    if solution.limit is None:
        return not_applicable(solution.no_limit)
    distance = float(solution.flow.distance(solution.limit)[place])
    return decided(distance <= TWO_TERM, distance, predicted=0.0)


def _follows(run: MaxMargin) -> Judgement:
    if not all(problem.support_spans for problem in run.problems):
        return not_applicable("support vectors do not span the points: beyond their span, first steps leave a difference for ever")
    walked = [(solution, descent) for solution, descent in run.walks("gd") if FOLLOWED in descent.steps]
    if len(walked) < len(run.problems):
        return pending(f"not at step {FOLLOWED:,} yet")
    away = max(descent.behind_flow(solution, FOLLOWED) for solution, descent in walked)
    return decided(away <= FOLLOWS, away, f"on {run.problems[0].config.label}", predicted=0.0)


def _own_margins(run: MaxMargin) -> Judgement:
    raced = [descent for name in RANKED for descent in run.runs[name]]
    if not run.prepared or any(RACED not in descent.steps for descent in raced):
        return pending(f"not at step {RACED:,} yet")
    slow = [
        solution.problem.seed for solution in run.solutions if solution.svm.margin < NEAR * np.linalg.norm(solution.svm.Z, axis=1).max()
    ]
    if slow:
        return not_applicable(
            f"seed {slow[0]}: the margin is below {NEAR:g} of the longest row, where {RACED:,} steps come nowhere near it"
        )
    least, beaten, compared = dict.fromkeys(RANKED, np.inf), [], 0
    for name in RANKED:
        for place, (solution, descent) in enumerate(run.walks(name)):
            order = descent.method.order
            at = int(np.searchsorted(descent.steps, RACED))
            own = float(descent.shares(solution, order)[at])
            least[name] = min(least[name], own)
            for rival in (other for other in RANKED if other != name):
                if solution.goal_share(run.runs[rival][place].method.order, order) > OWN_MARGIN:
                    continue  # where the rival goes is as good in this norm as a run that has not arrived need be
                compared += 1
                share = float(run.runs[rival][place].shares(solution, order)[at])
                if share >= own:
                    beaten.append(f"seed {solution.problem.seed}: {rival} {share:.4f} above {name} {own:.4f} in {order}")
    worst = min(least.values())
    rank = "; ".join(beaten) if beaten else f"above every rival whose goal has at most {OWN_MARGIN:g} of it ({compared} pairs)"
    return decided(
        worst >= OWN_MARGIN and not beaten, worst, f"the least own-norm share; {rank}", predicted=1.0, values={**least, "pairs": compared}
    )


def _validation(run: MaxMargin) -> Judgement:
    """Once w is w_hat ln s + O(1), a point that w_hat gets wrong by m adds m/n_val to the slope, and the others nothing.

    At a finite s a point at |m| from w_hat's boundary is off by |m|/(1 + exp(|m| ln s + O(1))), which is much only for the nearest.
    """
    if len(run.solutions) < len(run.problems):
        return pending("the flow is not there yet")
    late = run.log_s >= run.log_s[-1] / 2
    slopes, wanted, errors, goals = [], [], [], []
    for solution in run.solutions:
        held_out, path = solution.problem.held_out, solution.along_flow.held_out
        margins = held_out.y * (held_out.X @ solution.svm.w)
        slopes.append(float(np.polyfit(run.log_s[late], path.loss[late], 1)[0]))
        wanted.append(float(np.maximum(0.0, -margins).mean()))
        errors.append(float(path.error[-1]))
        goals.append(float(np.mean(margins <= 0)))
    if min(wanted) == 0:
        return not_applicable("w_hat gets every held-out point right, and no loss grows")
    away = max(solution.off_pace(int(np.argmax(late))) for solution in run.solutions)
    if away > SETTLED:
        reason = f"|w| does not grow by |w_hat| ln s yet: {away:.2g} off, for too small an eigenvalue of the support vectors"
        return censored(slopes[0], reason, values={"off": away})
    near = max(_undecided(solution, float(run.log_s[late][0])) for solution in run.solutions)
    if near > SETTLED:
        reason = f"so near w_hat's boundary lie held-out points that the slope is not theirs yet: {near:.2g} of it is open half-way"
        return censored(slopes[0], reason, values={"open": near})
    off = np.array(slopes) / np.array(wanted) - 1
    moved = np.abs(np.array(errors) - np.array(goals))
    worst = int(np.argmax(np.abs(off)))
    note = f"off by {100 * off[worst]:+.2g} %; error {errors[worst]:.3f}, w_hat's {goals[worst]:.3f}"
    return decided(
        bool(np.all(np.abs(off) <= SLOPE) and np.all(moved <= ERROR)), slopes[worst], note, predicted=wanted[worst],
        values={"error": errors[worst], "error of w_hat": goals[worst], "relative": float(off[worst])},
    )  # fmt: skip


def _undecided(solution: Solution, log_s: float) -> float:
    """The part of the limiting slope that held-out points still lack or have too much at a time: |m|/(1 + s^|m|) over that of the wrong."""
    held_out = solution.problem.held_out
    margins = held_out.y * (held_out.X @ solution.svm.w)
    beyond = np.abs(margins)
    return float(np.mean(beyond / (1 + np.exp(np.minimum(beyond * log_s, FAR)))) / np.mean(np.maximum(0.0, -margins)))


def _equal_duals(solution: Solution, place: int) -> Judgement:
    product = float(solution.along_flow.curves.direction_error[place] * solution.flow.log_s[place])
    return decided(product <= EQUAL, product, predicted=0.0)


JUDGES: Judges[MaxMargin] = {
    "MM1": _same_svm,
    "MM2": _law(59, DIRECTION, lambda of, at: (C_DIRECTION, float(of.along_flow.curves.direction_error[at] * of.flow.log_s[at]))),
    "MM3": _law(59, ANGLE, lambda of, at: (C_ANGLE, float(of.along_flow.curves.one_minus_cos[at] * of.flow.log_s[at] ** 2))),
    "MM4": _law(59, GAP, lambda of, at: (C_GAP, float(of.along_flow.curves.margin_gap[at] * of.flow.log_s[at]))),
    "MM5": _law(10, LOSS, lambda of, at: (of.svm.margin**-2, float(of.flow.loss_times_s[at]))),
    "MM6": _on("four-point", 30, _two_term),
    "MM7": _follows,
    "MM8": _own_margins,
    "MM9": _validation,
    "MM10": _on("soudry", 30, _equal_duals),
    **asymptotics.JUDGES,
    **mirror.JUDGES,
    **homogeneous.JUDGES,
    **convolutional.JUDGES,
}
