"""What all phenomena share: the measurement grid, the history, claims of other presets."""

from dataclasses import replace

import numpy as np
import pytest

from engine.contract import Status, within
from engine.phenomenon import geometric_grid
from engine.readings import History
from tests.engine.toy_phenomenon import InstantToy, ToyConfig


@pytest.mark.parametrize("total", [1, 2, 9, 10, 600, 12345, 10**6])
def test_the_grid_has_both_ends_and_about_twenty_a_decade(total: int) -> None:
    grid = geometric_grid(total)
    assert grid[0] == 0
    assert grid[-1] == total
    assert (np.diff(grid) > 0).all()
    for decade in range(2, int(np.log10(total))):
        inside = ((grid >= 10**decade) & (grid < 10 ** (decade + 1))).sum()
        assert inside == 20


def test_a_longer_run_measures_the_same_steps() -> None:
    short, long = geometric_grid(1000), geometric_grid(5000)
    assert set(short[:-1]) <= set(long)


def test_history_returns_only_the_records_that_hold_a_quantity() -> None:
    history = History()
    history.append(0, {"loss": [1.0, 2.0]})
    history.append(1, {"accuracy": 0.5})
    history.append(2, {"loss": [0.5, 1.0], "accuracy": 0.75})
    steps, loss = history.column("loss")
    np.testing.assert_array_equal(steps, [0, 2])
    np.testing.assert_array_equal(loss, [[1.0, 2.0], [0.5, 1.0]])
    assert history.column("nothing")[0].size == 0


def test_a_claim_of_another_preset_names_it_and_says_where_it_is_not_offered() -> None:
    toy = InstantToy(ToyConfig(), (0,), "cpu", "quick")
    pending, other = toy.verdicts()
    assert (pending.claim.id, pending.status, other.claim.id) == ("T1", Status.PENDING, "T2")
    assert (other.status, other.reason, other.mark) == (Status.NOT_RUN, "needs preset long", "not run")
    toy.spec = replace(toy.spec, presets=toy.spec.presets[:1])
    assert toy.verdicts()[1].reason == "needs preset long, which is not offered yet"


def test_a_claim_outside_its_domain_is_not_applicable_and_not_even_measured() -> None:
    toy = InstantToy(ToyConfig(n=10), (0,), "cpu", "custom")
    meant = replace(toy.spec.claims[0], domain=(within("n", 20), within("steps", 1)))
    toy.spec = replace(toy.spec, claims=(meant,))
    toy.judges = {}
    (verdict,) = toy.verdicts()
    assert (verdict.status, verdict.reason) == (Status.NOT_APPLICABLE, "needs n at least 20")
