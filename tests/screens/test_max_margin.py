"""The screen of max margin: the separator of the flow turns with the cursor over s, and only that."""

import numpy as np

from engine.contract import Layer, Phase, Picture, Snapshot
from screens.max_margin import turned

TIMES = np.array([1.0, 1e10, 1e59])
FRAMES = np.array([[[0.0, -3.0], [0.0, 3.0]], [[3.5, -2.1], [-2.1, 3.5]], [[3.0, -0.5], [-3.0, -0.5]]])
LABELS = tuple(f"flow {time:.2g}" for time in TIMES)
LINE, POINTS = Layer("line", FRAMES[-1], "flow 1e59", "flow", TIMES, FRAMES, LABELS), Layer("points", np.ones((2, 2)), "+1", "label +1")


def snapshot():
    picture = Picture("separator", "Data", layers=(LINE, POINTS), extent=(-2, 2, -2, 2), equal=True)
    return Snapshot("max-margin", "r", "quick", {}, (0,), Phase.RUNNING, "", pictures=(picture,))


def test_the_separator_stands_where_the_weights_nearest_the_cursor_put_it():
    shown = turned(snapshot(), 3e9)
    line, points = shown.pictures[0].layers
    np.testing.assert_array_equal(line.xy, FRAMES[1])
    assert line.label == "flow 1e+10"
    assert points is POINTS


def test_without_a_cursor_nothing_turns():
    given = snapshot()
    assert turned(given, None) is given
    assert turned(given, 1e59).pictures[0].layers[0].xy.tolist() == LINE.xy.tolist()
