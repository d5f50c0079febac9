"""What an outcome shows of itself: pictures, tables, a few lines, how far it is."""

import sys

import numpy as np
import pytest
from matplotlib.figure import Figure as Drawing

import genlab
from engine.contract import Phase
from engine.contract.scalars import Scalar, ScalarValue
from genlab import progress
from genlab.tables import Values, Verdicts
from tests.engine.toy_phenomenon import InstantToy


@pytest.fixture(scope="module")
def outcome():
    return genlab.run(InstantToy, seed=7, seeds=2)


def test_a_few_lines_say_what_it_is(outcome, tmp_path):
    said = repr(outcome)
    assert len(said.splitlines()) <= 3 and len(said) < 400
    assert "preset quick, seeds 7-8: finished at step" in said and "claims: 1 holds" in said and "not stored" in said
    assert f"stored in {tmp_path}" in repr(genlab.run(InstantToy, runs=tmp_path))
    assert outcome.command == f"genlab run {outcome.snapshot.phenomenon} --preset quick --seed 7 --seeds 2 --device cpu"


def test_a_notebook_gets_tables_and_no_markup_of_others(outcome):
    found = outcome._repr_html_()
    assert found.count("<table>") >= 1 and "T1" in found
    words = ScalarValue(Scalar("x", "<b>bold</b>", "step"), (3.0, 5.0), (False, True))
    assert "&lt;b&gt;bold" in Values([words])._repr_html_() and "<b>" not in Values([words])._repr_html_()


def test_verdicts_are_a_tuple_that_reads_as_a_table(outcome):
    assert isinstance(outcome.verdicts, tuple) and outcome.verdicts == outcome.snapshot.verdicts
    rows = repr(outcome.verdicts).splitlines()
    assert rows[0].split() == ["id", "claim", "predicted", "measured", "tolerance", "holds"]
    assert any(row.split()[:1] == ["T1"] and row.split()[-1] == "yes" for row in rows)
    assert repr(Verdicts()) == "()"


def test_values_are_numbers_with_units():
    late = ScalarValue(Scalar("grok_step", "first step", "step"), (480.0, 500.0, 500.0), (False, True, True))
    none = ScalarValue(Scalar("peak", "peak"), reason="pending")
    values = Values([late, none])
    assert values["grok_step"] == {
        "value": 500.0, "lo": 480.0, "hi": 500.0, "unit": "step", "seeds": [480.0, 500.0, 500.0], "censored": [False, True, True],
    }  # fmt: skip
    assert values["peak"]["value"] is None and values["peak"]["reason"] == "pending"
    rows = repr(values)
    assert "at least 500" in rows and "480 to 500" in rows and "none: pending" in rows
    assert values.brief == "grok_step at least 500 step"


def test_plots_are_figures_of_matplotlib_that_show_themselves(outcome, tmp_path):
    name = InstantToy.spec.figures[0].name
    drawing = outcome.plot(name)
    assert isinstance(drawing, Drawing) and drawing._repr_png_().startswith(b"\x89PNG")
    (axes,) = drawing.axes
    shown = {line.get_label(): line for line in axes.lines}
    for item in InstantToy.spec.figures[0].draws(outcome.snapshot.series):
        np.testing.assert_array_equal(shown[item.label].get_ydata(), item.y)
    assert len(outcome.plot().axes) >= 1
    with pytest.raises(genlab.UsageError, match="no figure 'los'"):
        outcome.plot("los")


def test_plots_into_axes_of_the_caller_leave_their_figure_as_it_was(outcome):
    mine = Drawing(figsize=(4, 3))
    first, second = mine.subplots(1, 2)
    assert outcome.plot(ax=second) is mine
    assert not first.lines and second.lines and tuple(mine.get_size_inches()) == (4, 3)


def test_frames(outcome, monkeypatch):
    pandas = pytest.importorskip("pandas")
    figure = InstantToy.spec.figures[0]
    long = outcome.frame()
    assert isinstance(long, pandas.DataFrame) and list(long) == ["series", "label", "kind", "x", "value", "lo", "hi"]
    for name, item in outcome.series.items():
        np.testing.assert_array_equal(long[long.series == name].value, item.y)
    wide = outcome.frame(figure.name, wide=True)
    drawn = figure.draws(outcome.snapshot.series)
    assert list(wide) == [figure.x.label, *(item.name for item in drawn)]
    np.testing.assert_array_equal(wide[drawn[0].name].dropna(), drawn[0].y)
    monkeypatch.setitem(sys.modules, "pandas", None)
    arrays = outcome.frame()
    assert isinstance(arrays, dict)
    np.testing.assert_array_equal(arrays["value"], long.value)
    with pytest.raises(genlab.UsageError, match="the wide form is that of one figure"):
        outcome.frame(wide=True)
    with pytest.raises(genlab.UsageError, match="no figure 'nothing'"):
        outcome.frame("nothing")


def test_without_matplotlib_a_sentence_names_the_extra(outcome, monkeypatch):
    monkeypatch.setitem(sys.modules, "genlab.plotting", None)
    with pytest.raises(genlab.UsageError, match=r"pip install 'genlab\[plot\]'"):
        outcome.plot()


def test_a_loaded_run_shows_the_same(tmp_path, toys):
    ran = genlab.run("toy", runs=tmp_path, seeds=2)
    found = genlab.load(ran.folder)
    assert repr(found) == repr(ran) and found._repr_html_() == ran._repr_html_() and found.values == ran.values
    assert found.frame().equals(ran.frame()) and found.plot()._repr_png_() == ran.plot()._repr_png_()
    assert found.command == ran.command


def test_how_far_it_is_is_said_only_when_asked(toys, capsys):
    genlab.run("toy", pause=0.01)
    assert capsys.readouterr() == ("", "")
    genlab.run("toy", pause=0.01, progress=True)
    out, err = capsys.readouterr()
    assert out == "" and err.splitlines()[-1].startswith("toy custom: finished, step 200 of 200")


def test_a_bar_moves_and_says_where_the_run_stands(outcome):
    bar = progress.Bar("toy <quick>")
    line, share = progress.phase_message(outcome.snapshot), progress.share(outcome.snapshot)
    assert bar.move(line, share) and not bar.move(line, share)
    assert outcome.snapshot.phase is Phase.FINISHED and repr(bar).startswith("toy <quick>: finished, step")
    assert "value='1.0000'" in bar._repr_html_() and "<quick>" not in bar._repr_html_()
