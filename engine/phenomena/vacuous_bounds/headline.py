"""The headline of vacuous bounds: a network's test error beside what a bound of its class and one of its weights say of it.

Zhang et al. 2017, arXiv:1611.03530; Dziugaite, Roy 2017, arXiv:1703.11008.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, pooled

if TYPE_CHECKING:
    from engine.phenomena.vacuous_bounds.experiment import VacuousBounds

VACUOUS = 1.0  # a bound on a risk says nothing from here on


def clauses(run: VacuousBounds, known: Known) -> Iterator[str]:
    """Test error, VC bound and certificate, on true labels first; what is still being trained or drawn is said to be."""
    for place, on in enumerate(run.config.conditions):
        if not known.has(f"test_error_{on.name}", f"vc_{on.name}"):
            continue
        word = "vacuous" if known.value(f"vc_{on.name}") >= VACUOUS else "below 100 %"
        yield f"{on.label}: test error {known.percent(f'test_error_{on.name}')}, VC bound {known.percent(f'vc_{on.name}')}, {word}"
        if known.has(f"certificate_{on.name}"):
            yield f"PAC-Bayes {known.percent(f'certificate_{on.name}')}"
        elif place == 0:
            yield "posterior in the making" if run.learned else f"SGD at step {run.history.last:,}"
    yield from pooled(run.seeds)
