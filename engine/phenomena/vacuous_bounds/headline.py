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
    first, *others = run.config.conditions
    vc, certificate = f"vc_{first.name}", f"certificate_{first.name}"
    if known.has(f"test_error_{first.name}", vc):
        word = " > 1" if known.value(vc) > VACUOUS else ""
        yield f"{first.label}: error {known.number(f'test_error_{first.name}')}, VC {known.number(vc)}{word}"
    if known.has(certificate):
        yield f"PAC-Bayes {certified(known, first.name)}"
    else:
        yield "no certificate so far" if run.learned else f"SGD at step {run.history.last:,}"
    for on in others:
        if known.has(f"test_error_{on.name}", f"certificate_{on.name}"):
            yield f"{on.label}: error {known.number(f'test_error_{on.name}')}, PAC-Bayes {known.number(f'certificate_{on.name}')}"
    yield from pooled(run.seeds)


def certified(known: Known, labels: str) -> str:
    """Say a certificate and the test error of what it certifies, classifiers drawn from the posterior."""
    error = f"stochastic_test_error_{labels}"
    drawn = f", posterior errs {known.number(error)}" if known.has(error) else ""
    return f"{known.number(f'certificate_{labels}')}{drawn}"
