"""What is drawn is made when it changed, and nothing else is."""

from dataclasses import replace

import numpy as np
import pytest

from engine.contract import Layer, Picture
from engine.runner.snapshot_maker import same

VALUES = np.arange(6.0).reshape(2, 3)
LAYER = Layer("path", np.ones((2, 2)), "l", at=np.array([1.0, 2.0]), frames=np.zeros((2, 2, 2)), labels=("a", "b"))
PICTURE = Picture("p", "P", VALUES, (LAYER,), extent=(0, 1, 0, 1))


def test_equal_pictures_are_recognised():
    copy = replace(PICTURE, values=VALUES.copy(), layers=(replace(LAYER, xy=np.ones((2, 2)), frames=np.zeros((2, 2, 2))),))
    assert same((PICTURE,), (copy,))
    assert same((), ())


@pytest.mark.parametrize(
    "other",
    [
        replace(PICTURE, values=VALUES + 1),
        replace(PICTURE, values=None),
        replace(PICTURE, values=VALUES.T),
        replace(PICTURE, values=VALUES.astype(np.float32)),
        replace(PICTURE, title="Q"),
        replace(PICTURE, layers=()),
        replace(PICTURE, layers=(LAYER, LAYER)),
        replace(PICTURE, layers=(replace(LAYER, xy=np.zeros((2, 2))),)),
        replace(PICTURE, layers=(replace(LAYER, frames=np.ones((2, 2, 2))),)),
        replace(PICTURE, layers=(replace(LAYER, labels=("a", "c")),)),
        replace(PICTURE, layers=(replace(LAYER, at=None, frames=None),)),
    ],
)
def test_pictures_that_differ_anywhere_are_not_the_same(other):
    assert not same((PICTURE,), (other,))
    assert not same((PICTURE,), ())
