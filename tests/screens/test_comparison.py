"""Runs side by side: what they are called, which curves share a figure, what is drawn once, and the tables."""

from dataclasses import replace

import numpy as np
import pytest

from engine.contract import Axis, Claim, Config, Figure, Marker, Phase, Scalar, ScalarValue, Series, Snapshot, Spec, Status, Verdict, knob
from screens.comparison import APART, MOST_TOGETHER, compare
from screens.run_names import run_names
from screens.widgets.palette import Theme, groups_of
from screens.widgets.plot_curves import curves_of
from screens.widgets.plot_figure import draw_figure


class Knobs(Config):
    lr: float = knob(0.05, "learning rate", ge=0.0, le=1.0, label="learning rate")
    n: int = knob(100, "examples", ge=1, le=1000)
    h: tuple[int, ...] = knob((2, 4), "widths", ge=1, le=999)
    sweep: bool = knob(False, "whether")


X = np.arange(1.0, 6.0)
CLAIM = Claim("C1", "It falls", "nobody", "0", "none")
FIGURES = (
    Figure("loss", "Loss", Axis("step"), Axis("loss"), ("loss/*", "law")),
    Figure("accuracy", "Accuracy", Axis("step"), Axis("accuracy"), ("accuracy/*", "chance")),
)
SPEC = Spec("toy", "Toy", "Does it?", Knobs, (), FIGURES, (), (CLAIM,), "", ())


def curve(name, label, y, **looks):
    return Series(name, label, X, X * 0 + y, X * 0 + y - 0.1, X * 0 + y + 0.1, "range of 3 seeds", **looks)


def snapshot(lr=0.05, seeds=(0,), settings=("a", "b", "c"), **more):
    series = (
        curve("loss/train", "train", lr, group="train"), curve("loss/test", "test", 2 * lr, group="test"),
        Series("law", "law", X, 1 / X, kind="theory", basis="exact", group="law"),
        *(curve(f"accuracy/{one}", f"setting {one}", lr, group=one) for one in settings),
        Series("chance", "chance", X, X * 0 + lr, kind="theory", basis="exact", group="chance"),
    )  # fmt: skip
    scalar = ScalarValue(Scalar("grok_step", "grok step", "step"), (100.0 / lr, 200.0 / lr), (False, True))
    nothing = ScalarValue(Scalar("gap", "gap"), reason="pending")
    return Snapshot(
        phenomenon="toy", run="toy", preset="quick", config={**Knobs().values(), "lr": lr}, seeds=seeds, phase=Phase.FINISHED, sentence="",
        step=5, series=series, markers=(Marker("loss", "y", 0.5, "half"), Marker("loss", "x", 40 * lr, "memorised")),
        verdicts=(Verdict(CLAIM, "0", lr, Status.HOLDS),), scalars=(scalar, nothing), **more,
    )  # fmt: skip


def two():
    return compare(SPEC, [snapshot(0.02), snapshot(0.05)], ["one", "two"])


def labels(comparison, name):
    figure = next(figure for figure in comparison.spec.figures if figure.name == name)
    return [item.label for item in figure.draws(comparison.snapshot.series)]


def test_legends_name_the_knobs_in_which_runs_differ():
    assert labels(two(), "loss") == ["lr .02 · train", "lr .02 · test", "lr .05 · train", "lr .05 · test", "law"]


def test_every_curve_has_a_colour_and_marker_of_its_own_and_a_run_keeps_its_colour_in_every_figure():
    comparison = two()
    theme = Theme(groups=groups_of(comparison.snapshot))
    inks = {}
    for figure in comparison.spec.figures:
        measured = [item for item in curves_of(figure.draws(comparison.snapshot.series), theme) if item.series.kind == "measured"]
        assert len({(item.ink, item.glyph) for item in measured}) == len({item.glyph for item in measured}) == len(measured)
        for item in measured:
            inks.setdefault(item.series.label.split(" · ")[0], set()).add(item.ink)
    assert all(len(used) == 1 for used in inks.values()) and len(set.union(*inks.values())) == 2


def test_many_curves_become_figures_with_one_curve_a_run():
    comparison = two()
    accuracy = [figure for figure in comparison.spec.figures if comparison.origins[figure.name] == "accuracy"]
    assert [figure.title for figure in accuracy] == ["Accuracy: setting a", "Accuracy: setting b", "Accuracy: setting c"]
    assert [figure.name for figure in accuracy] == ["accuracy/a", "accuracy/b", "accuracy/c"]
    assert labels(comparison, "accuracy/b") == ["lr .02", "lr .05", "lr .02 · chance", "lr .05 · chance"]


def test_a_title_says_what_the_labels_of_all_runs_have_in_common():
    def called(run, label):
        series = tuple(replace(item, label=label) if item.group == "b" else item for item in run.series)
        return replace(run, series=series)

    runs = [called(snapshot(0.02), "test, decay 0.5"), called(snapshot(0.05), "test, decay 2")]
    titles = {figure.name: figure.title for figure in compare(SPEC, runs, ["one", "two"]).spec.figures}
    assert titles["accuracy/b"] == "Accuracy: test, decay"
    runs = [called(snapshot(0.02), "one way"), called(snapshot(0.05), "other")]
    titles = {figure.name: figure.title for figure in compare(SPEC, runs, ["one", "two"]).spec.figures}
    assert titles["accuracy/b"] == "Accuracy: b", "the group's name, where the labels share no word"


def test_theory_is_drawn_once_where_it_is_shared_and_for_each_run_where_not():
    comparison = two()
    assert labels(comparison, "loss").count("law") == 1
    alone = compare(SPEC, [snapshot(0.05), replace(snapshot(0.05), config={**Knobs().values(), "n": 7})], ["one", "two"])
    assert [label for label in labels(alone, "accuracy/a") if "chance" in label] == ["chance"]


def test_of_many_runs_the_shared_theory_alone_is_drawn_and_that_is_said():
    few, many = (compare(SPEC, [snapshot(k / 100) for k in range(1, count + 1)], list(map(str, range(count)))) for count in (8, 9))
    assert sum("chance" in label for label in labels(few, "accuracy/a")) == 8 and not few.snapshot.notes
    assert not any("chance" in label for label in labels(many, "accuracy/a"))
    losses = [figure.name for figure in many.spec.figures if many.origins[figure.name] == "loss"]  # 18 curves are a figure each for both
    assert losses and all(labels(many, name).count("law") == 1 for name in losses)
    assert "genlab show RUN" in many.snapshot.notes[0]


def test_theory_that_goes_on_longer_in_one_run_is_one_curve_and_one_that_is_called_otherwise_is_not():
    def ended(run, steps, label="law"):
        x = np.linspace(1.0, steps, 7)
        law = Series("law", label, x, 0 * x + 1, kind="theory", basis="exact", group="law")
        return replace(run, series=tuple(law if item.name == "law" else item for item in run.series))

    comparison = compare(SPEC, [ended(snapshot(0.02), 74.0), ended(snapshot(0.05), 180.0)], ["one", "two"])
    (law,) = [item for item in comparison.snapshot.series if item.label == "law"]
    assert law.x[-1] == 180.0
    comparison = compare(SPEC, [ended(snapshot(0.02), 74.0, "law of 7"), ended(snapshot(0.05), 180.0, "law of 9")], ["one", "two"])
    assert {"lr .02 · law of 7", "lr .05 · law of 9"} <= set(labels(comparison, "loss"))


def test_bands_are_kept_and_no_curve_is_lost():
    comparison = two()
    measured = [item for item in comparison.snapshot.series if item.kind == "measured"]
    assert len(measured) == 2 * 5 and all(item.lo is not None and item.band for item in measured)
    drawn = [item.name for figure in comparison.spec.figures for item in figure.draws(comparison.snapshot.series)]
    assert sorted(drawn) == sorted(item.name for item in comparison.snapshot.series)


def test_curves_of_one_run_alone_share_figures_that_stay_readable():
    wide = snapshot(0.05, settings=("a", *"uvwxyzUVWXYZ"))
    comparison = compare(SPEC, [snapshot(0.02), wide], ["one", "two"])
    alone = [figure for figure in comparison.spec.figures if "of one run alone" in figure.title]
    drawn = [item.label for figure in alone for item in figure.draws(comparison.snapshot.series)]
    assert {f"lr .05 · setting {letter}" for letter in "uvwxyzUVWXYZ"} | {"lr .02 · setting b", "lr .02 · setting c"} == set(drawn)
    assert all(len(figure.draws(comparison.snapshot.series)) <= MOST_TOGETHER for figure in alone)


def test_runs_that_many_figures_cannot_hold_together_are_told_apart():
    runs = [snapshot(round(0.01 * k, 2)) for k in range(1, 13)]
    comparison = compare(SPEC, runs, [f"run{k}" for k in range(12)])
    assert [figure.name for figure in comparison.spec.figures][:2] == ["loss/train", "loss/test"]
    theme = Theme(groups=groups_of(comparison.snapshot))
    measured = [
        item for item in curves_of(comparison.spec.figures[0].draws(comparison.snapshot.series), theme) if item.series.kind == "measured"
    ]
    assert len({(item.ink, item.glyph) for item in measured}) == 12


def test_lines_that_runs_share_stand_once_and_the_events_of_a_few_runs_bear_their_names():
    markers = {(item.label, item.group) for item in two().snapshot.markers if item.figure == "loss"}
    assert markers == {("half", ""), ("lr .02 · memorised", "lr .02"), ("lr .05 · memorised", "lr .05")}
    assert {item.brief for item in two().snapshot.markers if item.group} == {"memorised"}, "the event, in the run's colour"
    many = compare(SPEC, [snapshot(round(0.01 * k, 2)) for k in range(1, 6)], list("abcde"))
    assert {item.label for item in many.snapshot.markers} == {"half"}


@pytest.mark.parametrize("theme", [Theme(ascii=True), Theme(level=0), Theme(level=16)])
def test_a_figure_is_drawn_with_its_whole_legend_in_every_kind_of_terminal(theme):
    comparison = two()
    theme = replace(theme, groups=groups_of(comparison.snapshot))
    rows = [row.plain for row in draw_figure(comparison.spec.figures[0], comparison.snapshot.series, (), width=100, height=18, theme=theme)]
    joint = " ".join(rows)
    for label in labels(comparison, "loss"):
        assert (label.replace("·", ".") if theme.ascii else label) in joint
    assert not theme.ascii or joint.isascii()


def test_tables_list_differences_values_and_verdicts():
    comparison = two()
    assert comparison.differences() == [("called", "lr .02", "lr .05"), ("lr", "0.02", "0.05")]
    assert comparison.values() == [("grok_step", "grok step", ">= 7,500 (5,000 to >= 10,000)", ">= 3,000 (2,000 to >= 4,000)")]
    assert comparison.verdicts() == [("C1", "It falls", "0.02 yes", "0.05 yes")]


def test_names_are_short_and_never_equal():
    def named(*configs, seeds=((0,), (0,))):
        runs = [replace(snapshot(), config={**Knobs().values(), **config}, seeds=of) for config, of in zip(configs, seeds, strict=True)]
        return run_names(Knobs, runs, ["first", "second"])

    assert named({}, {}) == ["first", "second"]
    assert named({}, {}, seeds=((0,), (1, 2))) == ["seed 0", "seeds 1-2"]
    assert named({"sweep": True}, {}) == ["sweep yes", "sweep no"]
    assert named({"h": tuple(range(1, 20))}, {}) == ["h 1..19 (19)", "h 2,4"]
    assert named({"lr": 0.001, "n": 7}, {"lr": 1.0}) == ["lr .001, n 7", "lr 1, n 100"]
    same = {"h": (1, *range(10, 20), 99)}
    assert named(same, {"h": (1, *range(20, 30), 99)}) == ["h 1..99 (12), first", "h 1..99 (12), second"]
    many = {"lr": 1.0, "n": 7, "h": (3,), "sweep": True}
    runs = [replace(snapshot(), preset=preset, config={**Knobs().values(), **knobs})
            for preset, knobs in (("quick", {}), ("standard", many), ("custom", {"lr": 0.2}))]  # fmt: skip
    assert run_names(Knobs, runs, ["a", "b", "c"]) == ["quick", "standard", "lr .2"]
    older = replace(snapshot(), config={"lr": 0.1})
    assert run_names(Knobs, [older, snapshot()], ["old", "new"]) == ["lr .1, n not set, h not set", "lr .05, n 100, h 2,4"]


def test_runs_without_a_figure_in_common_are_said_to_have_none():
    loss, accuracy = (replace(snapshot(lr=lr), series=tuple(item for item in snapshot(lr=lr).series if item.name.startswith(name)))
                      for lr, name in ((0.05, "loss"), (0.1, "accuracy")))  # fmt: skip
    assert compare(SPEC, [loss, accuracy], ["a", "b"]).snapshot.notes == (APART,)
    assert compare(SPEC, [snapshot(), snapshot(lr=0.1)], ["a", "b"]).snapshot.notes == ()


def test_a_line_without_a_name_gets_none():
    runs = [replace(snapshot(lr=lr), markers=(Marker("loss", "x", at, ""),)) for lr, at in ((0.05, 2.0), (0.1, 3.0))]
    assert {item.label for item in compare(SPEC, runs, ["a", "b"]).snapshot.markers} == {""}


def test_figures_in_which_the_runs_differ_stand_before_those_with_one_curve_once_all_are_over():
    both = Figure("both", "Both", Axis("step"), Axis("y"), ("same", "apart"))
    steps = np.arange(1.0, 9.0)
    more = [
        (
            Series("same", "same", steps, steps),
            Series("apart", f"apart {place}", steps, steps * place),
            Series("third", "third", steps, steps),
        )
        for place in (1, 3)
    ]
    spec = replace(SPEC, figures=(replace(both, series=("same", "apart", "third")),))
    for phase, titles in (
        (Phase.FINISHED, ["Both: apart", "Both: same", "Both: third"]),
        (Phase.RUNNING, ["Both: same", "Both: apart", "Both: third"]),
    ):
        runs = [
            replace(snapshot(lr), series=tuple(replace(item, group=item.name) for item in items), markers=(), phase=phase)
            for lr, items in zip((0.02, 0.05), more, strict=True)
        ]
        comparison = compare(spec, runs, ["one", "two"])
        assert [figure.title for figure in comparison.spec.figures] == titles
        assert [item.label for item in comparison.snapshot.series[:2]] == ["lr .02", "lr .05"]  # the title says what they are
