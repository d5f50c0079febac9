"""Gradient flows over many decades of time: LSODA (Petzold 1983; Hindmarsh's ODEPACK) with an exact Jacobian.

A flow that has nearly converged is stiff: an explicit method's step stays bounded by the largest curvature while the
solution hardly moves. LSODA switches to implicit formulas there, so that its cost grows with the bends of the solution,
not with the time covered.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

import numpy as np
from scipy.integrate import odeint

from engine.errors import ProblemError
from engine.theory.inputs import Floats, require

Rate = Callable[[Floats, float], Floats]
"""(x (m,), t) -> (m,) or, for a Jacobian, (m, m)."""

EVALUATIONS = 200_000
"""Right-hand sides after which a flow counts as failed; the flows of this package take a few thousand at most."""

_REENTRANT = threading.Lock()  # ODEPACK keeps its state in static storage in some SciPy builds; two runs may integrate at once


def integrate(
    rate: Rate,
    jacobian: Rate,
    start: Floats,
    times: Floats,
    rtol: float = 1e-9,
    atol: float = 1e-10,
) -> Floats:
    """Return x (k, m) at ascending times (k,) for dx/dt = rate(x, t), x(times[0]) = start (m,).

    Args:
        jacobian: (x, t) -> d rate / dx (m, m).

    Raises:
        ProblemError: the flow left the finite numbers or needs more than 200,000 evaluations.
    """
    count = 0

    def counted(x: Floats, t: float) -> Floats:
        nonlocal count
        count += 1
        value = rate(x, t)
        # Raised here, the sentence passes through the integrator; its own complaint would be a warning.
        if count > EVALUATIONS or not math.isfinite(value[0]):
            raise ProblemError(f"the flow could not be followed beyond t={t:.3g}: after {count} evaluations the rate is {value[0]:.3g}")
        return value

    with _REENTRANT:
        path, report = odeint(counted, start, times, Dfun=jacobian, rtol=rtol, atol=atol, mxstep=10 * EVALUATIONS, full_output=True)
    require(report["message"] == "Integration successful.", f"the flow could not be followed: {report['message']}")
    return np.asarray(path, dtype=np.float64)
