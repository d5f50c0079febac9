"""`genlab.sweep` and `genlab.load_sweep`: points, values, frames, plots and runs, as the command leaves them."""

import numpy as np
import pytest

import genlab
from engine.errors import KnobError, UsageError
from engine.store import list_runs

pytestmark = pytest.mark.usefixtures("toys")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_RUNS", str(tmp_path))
    monkeypatch.setenv("LANG", "C.UTF-8")


def columns(frame):
    return {name: np.asarray(frame[name]) for name in frame}


def test_a_sweep_is_values_frames_plots_and_runs_and_is_not_computed_twice(tmp_path, capsys):
    given = {"grid": {"rate": [0.1, 0.2]}, "seeds": 2, "collect": ["half_step", "last_value"], "steps": 20, "workers": 1, "device": "cpu"}
    swept = genlab.sweep("toy", **given, progress=True)
    assert [point.knobs["rate"] for point in swept.points] == [0.1, 0.2] and swept.knobs == {"rate": [0.1, 0.2]}
    assert "1 of 2: " in capsys.readouterr().err
    half = [next(step for step in range(1, 99) if (1 - rate) ** step <= 0.5) for rate in (0.1, 0.2)]
    assert swept.values["half_step"].tolist() == half
    # seed s begins at s + 1
    ends = np.array([[(s + 1) * (1 - rate) ** 20 for s in range(2)] for rate in (0.1, 0.2)])
    np.testing.assert_allclose(swept.values["last_value"], np.median(ends, axis=1), rtol=1e-9)

    table = columns(swept.frame())
    assert table["rate"].tolist() == [0.1, 0.2] and table["phase"].tolist() == ["finished", "finished"]
    np.testing.assert_allclose(table["last_value_lo"], ends.min(1), rtol=1e-9)
    np.testing.assert_allclose(table["last_value_hi"], ends.max(1), rtol=1e-9)
    assert not table["half_step_lower_bound"].any()
    by_seed = columns(swept.frame(seeds=True))
    assert by_seed["seed"].tolist() == [0, 1, 0, 1] and by_seed["rate"].tolist() == [0.1, 0.1, 0.2, 0.2]
    np.testing.assert_allclose(by_seed["last_value"], ends.ravel(), rtol=1e-9)

    axes = swept.plot("half_step").axes[0]
    (drawn,) = [line for line in axes.lines if len(line.get_xdata()) == 2]
    assert sorted(zip(drawn.get_xdata(), drawn.get_ydata(), strict=True)) == list(zip((0.1, 0.2), half, strict=True))
    with pytest.raises(UsageError, match="no figure"):
        swept.plot("half_stop")
    assert swept.outcome(1).values["half_step"]["value"] == half[1]
    assert "2 of 2 points done" in repr(swept) and f"{half[1]}" in swept._repr_html_()
    assert swept.command.startswith("genlab sweep toy") and swept.folder.parent == tmp_path

    before = {run.name for run in list_runs(tmp_path)}
    again = genlab.sweep("toy", **given)
    assert again.folder == swept.folder and {run.name for run in list_runs(tmp_path)} == before
    loaded = genlab.load_sweep(swept.folder.name)
    assert loaded.values["half_step"].tolist() == half and genlab.load_sweep(swept.folder).knobs == swept.knobs


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"grid": {"rat": [1]}}, KnobError, "no knob 'rat'; did you mean rate?"),
        ({"grid": {"rate": [0.1, 5]}}, KnobError, "rate must be"),
        ({"grid": {"rate": []}}, UsageError, "rate"),
        ({"grid": {"rate": "0.1:0.2:lin3"}, "collect": ["half_stop"]}, UsageError, "no value 'half_stop' of toy; did you mean half_step?"),
    ],
)
def test_mistakes_begin_nothing(tmp_path, given, error, said):
    with pytest.raises(error) as caught:
        genlab.sweep("toy", **given)
    assert said in str(caught.value) and not list(tmp_path.iterdir())


def test_a_sweep_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"no sweep 'nothing' in .*See: genlab runs"):
        genlab.load_sweep("nothing")
