"""The headline of multiple descent: where the error peaks over the number of samples, and that the best ridge has no peak.

Chen et al. 2021, arXiv:2008.01036; Nakkiran et al. 2021, arXiv:2003.01897.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, written

if TYPE_CHECKING:
    from engine.phenomena.double_descent.multiple.study import MultipleDescent


def clauses(study: MultipleDescent, known: Known) -> Iterator[str]:
    """Medians over the draws so far, of all seeds together."""
    problem, done = study.problem, study.draws.done
    if not done:
        lowest = written(float(problem.risk.min())), written(float(problem.tuned.min()))
        yield f"theory: lowest test MSE {lowest[0]} of min-norm, {lowest[1]} of the best ridge"
        return
    peaks = study.peaks(study.risks())
    where = ", ".join(f"{n:,}" for n in peaks)
    said = f"peaks at block ends n = {where}" if peaks else "has no peak over n"
    yield f"min-norm's test MSE {said}"
    if known.has("tuned_rise"):
        rise = known.value("tuned_rise")
        yield "best ridge only falls" if rise <= 0 else f"best ridge rises by {written(rise)} at most"
    if known.has("risk_at_d", "tuned_at_d"):
        yield f"at n = d = {problem.d} (median): min-norm {known.number('risk_at_d')}, best ridge {known.number('tuned_at_d')}"
    count = study.draws.count
    yield f"{done:,} draw{'s' * (done != 1)} so far" if done < count else f"{count:,} draw{'s' * (count != 1)}"
