"""The headline of the edge of stability: whether the sharpness has reached 2/eta, and where it has stayed since.

Cohen et al. 2021, arXiv:2103.00065.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, pooled, when
from engine.phenomena.edge_of_stability.claims import HOVERING

if TYPE_CHECKING:
    from engine.phenomena.edge_of_stability.experiment import EdgeOfStability


def clauses(run: EdgeOfStability, known: Known) -> Iterator[str]:
    """The largest step size, then the control."""
    largest = min(run.edges, key=lambda setting: setting.edge)
    arrival = run.readings.first_step("eta-sharpness", largest.name, 2.0)
    yield when(f"edge 2/eta = {largest.edge:g}", "reached", arrival, run.history.last)
    if known.has("eta_sharpness_largest_eta"):
        yield f"then eta S {known.number('eta_sharpness_largest_eta')} (last {HOVERING} steps)"
    if known.has("rising_share_largest_eta"):
        yield f"loss rose on {known.percent('rising_share_largest_eta')} of its steps"
    if known.has("eta_sharpness_control"):
        yield f"control: eta S {known.number('eta_sharpness_control')}"
    yield from pooled(run.seeds)
