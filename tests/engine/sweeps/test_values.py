"""A scalar's numbers in a sweep's table: there and back, also where a seed has none."""

from __future__ import annotations

import numpy as np

from engine.contract import Scalar, ScalarValue
from engine.sweeps.manifest import ValueOf


def test_a_seed_without_a_number_is_null_in_the_table_and_nan_outside() -> None:
    scalar = Scalar("peak", "peak")
    told = ValueOf.told(ScalarValue(scalar, (float("nan"), 2.0, float("inf")), (False, True, False)))
    assert told.model_dump() == {"seeds": (None, 2.0, None), "censored": (False, True, False), "reason": ""}
    found = ValueOf.model_validate_json(told.model_dump_json()).of(scalar)
    np.testing.assert_equal(found.seeds, (float("nan"), 2.0, float("nan")))
    assert found.censored == (False, True, False) and not found.reason
