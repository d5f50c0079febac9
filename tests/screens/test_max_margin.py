"""The screen of max margin: the separator of the flow turns with the cursor over s, and only that."""

import numpy as np

from engine.contract import Layer, Phase, Picture, Series, Snapshot
from screens.max_margin import turned

TIMES = np.array([1.0, 1e10, 1e59])
ANGLES, OFFSETS = np.array([0.0, np.pi / 4, np.pi / 2]), np.array([0.0, -1.0, 0.5])
LINE, POINTS = Layer("line", np.array([[0.0, -3.0], [0.0, 3.0]]), "flow 1e59", "flow"), Layer("points", np.ones((2, 2)), "+1", "label +1")


def snapshot(series=True):
    curves = (Series("separator/angle", "", TIMES, ANGLES), Series("separator/offset", "", TIMES, OFFSETS)) if series else ()
    picture = Picture("separator", "Data", layers=(LINE, POINTS), extent=(-2, 2, -2, 2), equal=True)
    return Snapshot("max-margin", "r", "quick", {}, (0,), Phase.RUNNING, "", series=curves, pictures=(picture,))


def test_the_separator_stands_where_the_weights_at_the_cursor_put_it():
    shown = turned(snapshot(), 3e9)
    line, points = shown.pictures[0].layers
    np.testing.assert_allclose(line.xy @ np.array([1.0, 1.0]) / 2**0.5, 1.0, atol=1e-12)  # w.x + b = 0 with b/|w| = -1
    assert np.linalg.norm(line.xy[1] - line.xy[0]) == 6
    assert line.label == "flow 1e+10"
    assert points is POINTS


def test_without_a_cursor_or_curves_nothing_turns():
    for given, at in ((snapshot(), None), (snapshot(series=False), 5.0)):
        assert turned(given, at) is given
