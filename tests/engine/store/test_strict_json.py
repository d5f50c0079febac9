"""JSON that comes back exactly."""

import json
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.store.strict_json import dumps, loads, plain

leaves = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["NaN", "~NaN", "~~Infinity", "-Infinity", "~"])
)
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4), max_leaves=12
)


def bits(value):
    """A tree with every float replaced by its 64 bits, all NaN alike."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else struct.pack("<d", value)
    if isinstance(value, list):
        return [bits(item) for item in value]
    return {key: bits(item) for key, item in value.items()} if isinstance(value, dict) else (type(value), value)


@given(trees)
def test_round_trip_is_exact(tree):
    assert bits(loads(dumps(tree))) == bits(tree)


@given(trees)
def test_what_is_written_is_strict_ascii_json(tree):
    def refuse(constant):
        raise AssertionError(constant)

    json.loads(dumps(tree).encode("ascii"), parse_constant=refuse)


def test_non_strict_json_is_refused():
    for text in ("NaN", "[Infinity]", '{"a": -Infinity}', "{", "", b"\xff"):
        with pytest.raises(ValueError):
            loads(text)


def test_numpy_values_become_python_values():
    found = plain({"a": np.float32(0.5), "b": np.arange(3), "c": (np.bool_(True), np.float64(0.1)), "d": np.array(2.0)})
    assert found == {"a": 0.5, "b": [0, 1, 2], "c": [True, 0.1], "d": 2.0}
    assert [type(item) for item in found["b"]] == [int] * 3 and type(found["c"][1]) is float


def test_other_objects_are_refused():
    with pytest.raises(TypeError, match="object is not a number"):
        plain([object()])
    with pytest.raises(TypeError):
        plain(np.array([1j]))
