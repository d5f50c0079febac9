"""Knobs: what is read, what is refused and in which words."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Config, build, content_of, knob
from engine.errors import KnobError


class Offered:
    """Names that change while they are offered."""

    builtin = ("none",)

    def __init__(self, there: list[str]) -> None:
        self._there = there

    def names(self) -> tuple[str, ...]:
        return tuple(self._there)

    def content(self, name: str, wanted: str = "") -> str:
        return f"content of {name}"


THERE: list[str] = []


class Offering(Config):
    data: str = knob("none", "rows", offer=Offered(THERE))
    data_sha256: str = content_of("data")


class Toy(Config):
    width: int = knob(512, "hidden units", ge=16, le=4096, log=True)
    weight_decay: float = knob(0.0, "decay", ge=0, le=10, live=True)
    model: Literal["mlp", "cnn"] = knob("mlp", "which network")
    clean: bool = knob(True, "keep labels")
    levels: tuple[float, ...] = knob((0.25, 0.5), "corruptions", ge=0, le=1)
    widths: tuple[int, ...] = knob((4, 8), "widths", ge=1)
    eta: float = knob(0.5, "step size", ge=0, le=1, unit="of 2/s_max^2")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("weight_decay", "-1", "weight decay must be between 0 and 10, got -1"),
        ("weight-decay", "much", "weight decay must be a number between 0 and 10, got much"),
        ("width", "20.5", "width must be a whole number between 16 and 4096, got 20.5"),
        ("width", "inf", "width must be a whole number between 16 and 4096, got inf"),
        ("weight_decay", "nan", "weight decay must be between 0 and 10, got nan"),
        ("model", "cn", "model must be one of mlp, cnn, got cn; did you mean cnn?"),
        ("clean", "perhaps", "clean must be yes or no, got perhaps"),
        ("levels", "0.5,1.5", "levels must be between 0 and 1, got 1.5"),
        ("widths", "", "widths must be whole numbers separated by commas at least 1, got "),
        ("eta", "2", "eta must be between 0 and 1 (of 2/s_max^2), got 2"),
    ],
)
def test_refusals_name_the_knob_what_is_allowed_and_the_value(name: str, value: str, sentence: str) -> None:
    with pytest.raises(KnobError) as caught:
        build(Toy, {name: value})
    assert caught.value.message == sentence
    assert caught.value.hint.startswith("default: ")


def test_an_unknown_knob_names_the_nearest_and_lists_the_valid_ones() -> None:
    with pytest.raises(KnobError) as caught:
        build(Toy, {"widht": 3})
    assert caught.value.message == "no knob 'widht'; did you mean width?"
    assert "weight_decay" in caught.value.hint


def test_what_is_offered_is_looked_up_anew() -> None:
    THERE[:] = ["one"]
    assert Offering.knob("data").choices == ("none", "one") == Offering.knobs()[0].choices
    THERE.append("two")
    assert Offering.knob("data").choices == ("none", "one", "two") == Offering.knobs()[0].choices
    assert build(Offering, {"data": "two"}).data_sha256 == "content of two"


def test_text_is_read_as_people_write_it() -> None:
    made = build(Toy, {"width": "1e3", "clean": "off", "levels": "0,0.25,1", "widths": "4,12", "model": "cnn"})
    assert (made.width, made.clean, made.levels, made.widths, made.model) == (1000, False, (0.0, 0.25, 1.0), (4, 12), "cnn")


@given(st.integers(16, 4096), st.floats(0, 10), st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_what_a_knob_writes_it_reads_back(width: int, decay: float, levels: list[float]) -> None:
    made = Toy(width=width, weight_decay=decay, levels=tuple(levels))
    text = {item.name: item.format(getattr(made, item.name)) for item in Toy.knobs()}
    again = build(Toy, text)
    assert again.width == width
    assert again.weight_decay == pytest.approx(decay, rel=1e-11)


def test_the_digest_follows_the_values_and_nothing_else() -> None:
    assert Toy().digest() == Toy(width=512).digest()
    assert Toy().digest() != Toy(width=513).digest()
    assert Toy().changed(width=64).width == 64
