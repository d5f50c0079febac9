"""Every knob of every phenomenon: whatever is given, it is a value within the knob's bounds, or the sentence of an error."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import registry
from engine.config import build
from engine.errors import KnobError
from tests.properties.examples import counted, examples

ODD = (
    "", " ", "nan", "inf", "-inf", "NaN", "Infinity", "1e400", "-1e400", "0x10", "1_0", "٣", "½", "1e", "--", ",", "1,", "1,,2",
    "true", "Yes", "9" * 5000, "1" + "0" * 400, "1e-400", "-0", "\x1b[2J", "\u202e1", "\ud800", "x" * 10_000, b"1", object(),
    (), [], [[]], [None], {}, {"a": 1}, None, True, False, math.nan, math.inf, -math.inf, 5e-324, 1e308, -0.0, 2**63, -(2**63),
    10**400, 10**5000, [math.nan], [10**400], [True], range(3),
)  # fmt: skip
PLAIN = st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(ODD)


def near(knob):
    """Values at a knob's bounds, inside and just outside, as numbers and as text."""
    ends = [end for end in (knob.lo, knob.hi, 0, 1) if end is not None]
    numbers = [number for end in ends for number in (end, end - 1, end + 1, math.nextafter(end, -math.inf), math.nextafter(end, math.inf))]
    inside = st.sampled_from(numbers) | st.floats(knob.lo, knob.hi) | st.floats(knob.lo, knob.hi).filter(math.isfinite).map(round)
    single = inside | inside.map(str) | st.sampled_from([knob.default, *knob.choices, *(choice.upper() for choice in knob.choices)])
    return single | st.lists(inside, max_size=4) | st.lists(inside, max_size=4).map(lambda items: ",".join(map(str, items)))


def allowed(knob, value):
    """Whether a value is what the knob declares, read without the code that reads knobs."""
    if knob.kind == "choice":
        return value in knob.choices
    if knob.kind == "bool":
        return isinstance(value, bool)
    if knob.kind == "text":
        return isinstance(value, str)
    kind = int if knob.kind in ("int", "ints") else float
    items = value if knob.kind in ("ints", "floats") else (value,)
    low, high = -math.inf if knob.lo is None else knob.lo, math.inf if knob.hi is None else knob.hi
    return len(items) > 0 and all(type(item) is kind and math.isfinite(item) and low <= item <= high for item in items)


@pytest.mark.parametrize("name", registry.names())
def test_a_value_is_within_the_bounds_or_a_sentence(name):
    kind = registry.spec(name).config
    knobs = kind.knobs()

    @examples(40)
    @given(data=st.data())
    @counted
    def check(data):
        knob = data.draw(st.sampled_from(knobs))
        value = data.draw(near(knob) | PLAIN)
        try:
            config = build(kind, {knob.name: value})
        except KnobError as error:
            assert error.message and "\n" not in error.message and len(error.message) < 2000
            return
        assert allowed(knob, getattr(config, knob.name)), (knob, value)
        json.dumps(config.values(), allow_nan=False)
        assert build(kind, config.values()) == config
        written = {item.name: item.format(getattr(config, item.name)) for item in knobs}
        assert build(kind, written) == config

    check()


@pytest.mark.parametrize("name", registry.names())
def test_knobs_together_are_a_config_or_a_sentence(name):
    kind = registry.spec(name).config
    knobs = kind.knobs()

    @examples(10)
    @given(data=st.data())
    @counted
    def check(data):
        chosen = data.draw(st.lists(st.sampled_from(knobs), unique=True, max_size=6))
        values = {knob.name.replace("_", data.draw(st.sampled_from("_-"))): data.draw(near(knob)) for knob in chosen}
        values |= data.draw(st.dictionaries(st.text(max_size=5), PLAIN, max_size=1))
        try:
            config = build(kind, values)
        except KnobError as error:
            assert error.message
        else:
            assert all(allowed(knob, getattr(config, knob.name)) for knob in knobs)

    check()
