"""Names that no knob has: another word for the same thing is meant before a similar spelling."""

import pytest

from engine import registry
from engine.errors import KnobError, LabError
from engine.knob_names import SAME, meant


@pytest.mark.parametrize(
    ("typed", "valid", "named"),
    [
        ("steps", ("seeds", "epochs"), "epochs"),
        ("steps", ("seeds", "steps"), "steps"),
        ("learning-rate", ("n", "eta"), "eta"),
        ("weight_decay", ("width", "wd"), "wd"),
        ("hidden", ("gd-steps", "widths"), "widths"),
        ("iterations", ("batch", "gd-steps"), "gd-steps"),
        ("widht", ("wd", "width"), "width"),
        ("steps", ("rate", "size"), ""),
    ],
)
def test_the_knob_that_is_meant(typed, valid, named):
    assert meant(typed, valid) == (f"; did you mean {named}?" if named else "")


def test_no_word_stands_for_two_things():
    words = [word for group in SAME for word in group]
    assert len(words) == len(set(words))


def test_a_phenomenon_says_so():
    with pytest.raises(KnobError, match="no knob 'steps'; did you mean epochs"):
        registry.spec("random-labels").config.knob("steps")


@pytest.mark.parametrize(
    ("message", "hint", "text"),
    [
        ("no run 'x'", "See: genlab runs", "no run 'x'. See: genlab runs"),
        ("did you mean y?", "See: genlab list", "did you mean y? See: genlab list"),
        ("it is full", "", "it is full"),
    ],
)
def test_sentence_and_hint_are_told_apart_where_they_stand_in_a_line(message, hint, text):
    assert str(LabError(message, hint)) == text
