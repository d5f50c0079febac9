"""States join and part by name."""

import numpy as np

from engine.state import State


def test_a_state_of_parts_gives_each_of_them_back():
    one = State({"w": np.arange(3.0), "m-1": np.ones(2)}, {"step": 3})
    two = State({"w": np.zeros(1)}, {"rng": {"key": [1, 2]}})
    joined = State.of({"network": one, "streams": two, "nothing": State({}, {})})
    assert sorted(joined.arrays) == ["network/m-1", "network/w", "streams/w"]
    for name, part in (("network", one), ("streams", two), ("nothing", State({}, {}))):
        found = joined.part(name)
        assert found.arrays.keys() == part.arrays.keys() and found.scalars == part.scalars
        assert all(found.arrays[key] is part.arrays[key] for key in part.arrays)


def test_states_of_states():
    inner = State.of({"a": State({"x": np.ones(1)}, {}), "b": State({"x": np.zeros(1)}, {"n": 1})})
    outer = State.of({"left": inner, "right": inner})
    assert outer.part("right").part("b").scalars == {"n": 1}
    np.testing.assert_array_equal(outer.part("left").part("a").arrays["x"], np.ones(1))


def test_names_of_which_one_begins_another_do_not_mix():
    joined = State.of({"a": State({"b-x": np.ones(1)}, {}), "a-b": State({"x": np.zeros(1)}, {})})
    assert joined.part("a").arrays.keys() == {"b-x"} and joined.part("a-b").arrays.keys() == {"x"}
