"""The legend above a page: in the order of its figures, and behind their numbers where it names only some."""

from __future__ import annotations

from screens.widgets.page_legend import page_legend, with_faint
from screens.widgets.palette import Theme
from screens.widgets.plot_legend import LegendEntry
from screens.widgets.shared_legend import arranged


def entries(*labels: str) -> list[LegendEntry]:
    return [LegendEntry("*o+x#@"[place % 6], place, label) for place, label in enumerate(labels)]


def test_a_legend_of_all_figures_has_no_numbers_and_the_order_of_the_figures() -> None:
    found, named = page_legend({7: entries("train", "test"), 3: entries("train", "test"), 4: []}, {7: 1, 3: 2, 4: 3}, 40, 80, 4, Theme())
    assert named >= {3, 7} and [entry.label for entry in found] == ["train", "test"]


def test_what_figures_have_in_common_stands_behind_their_numbers_and_what_one_has_alone_behind_its_own() -> None:
    train, test, best, exact, law = entries("train", "test", "best", "exact", "law")
    legends = {0: [train, test, best], 1: [train], 2: [train, best], 3: [exact], 4: [exact, law]}
    found, named = page_legend(legends, {place: place + 1 for place in legends}, 40, 160, 4, Theme())
    assert named == set(legends)
    assert [entry.label or entry.glyph for entry in found] == ["1-3:", "train", "best", "1:", "test", "4-5:", "exact", "5:", "law"]


def test_a_figure_that_has_curves_of_two_others_brings_them_together() -> None:
    train, test, law = entries("train", "test", "law")
    legends = {0: [train], 1: [test], 2: [train, test], 3: [law], 4: [law]}
    found, _ = page_legend(legends, {place: place + 1 for place in legends}, 40, 160, 4, Theme())
    assert [entry.label or entry.glyph for entry in found] == ["1-3:", "train", "test", "4-5:", "law"]


def test_figures_that_have_each_a_part_of_one_legend_need_no_numbers() -> None:
    first, second = entries("train", "test"), entries("train", "test", "chance")
    found, named = page_legend({7: first, 3: second}, {7: 1, 3: 2}, 40, 80, 4, Theme())
    assert named == {3, 7} and [entry.label or entry.glyph for entry in found] == ["train", "test", "chance"]


def test_numbers_never_end_a_row() -> None:
    line = [LegendEntry("*", 0, "x" * 28), LegendEntry("2:", 0, ""), LegendEntry("o", 1, "chance")]
    assert [len(row) for row in arranged(line, 36)] == [1, 2]


def test_a_legend_of_some_figures_says_of_which() -> None:
    long = [LegendEntry("*", place, f"the spectral term number {place} of all") for place in range(5)]
    legends = {0: entries("true", "random"), 1: [LegendEntry("*", 9, "error")], 2: long}
    found, named = page_legend(legends, {0: 1, 1: 2, 2: 5}, 38, 160, 4, Theme())
    assert named == {1, 2} and [entry.glyph for entry in found] == ["2:", "*", "5:", *"*****"]


def test_a_figure_without_a_legend_is_not_missed() -> None:
    found, named = page_legend({0: entries("true", "random"), 1: []}, {0: 1, 1: 2}, 38, 80, 4, Theme())
    assert [entry.label for entry in found] == ["true", "random"] and 0 in named


def test_bands_stand_behind_the_numbers_of_the_figures_that_have_them_and_take_no_third_row() -> None:
    train, test = entries("train", "test")
    theme = Theme()

    def said(bands: dict[int, str], width: int = 160, before: tuple[LegendEntry, ...] = (train, test)) -> list[str]:
        return [entry.label or entry.glyph for entry in with_faint(list(before), "", bands, width, theme)]

    assert said({1: "range of 3 seeds", 2: "range of 3 seeds"}) == ["train", "test", "range of 3 seeds"]
    assert said({1: "", 2: "range of 3 seeds"}) == ["train", "test", "2:", "range of 3 seeds"]
    assert said({1: "quartiles", 2: "range"}) == ["train", "test", "1:", "quartiles", "2:", "range"]
    two = LegendEntry("2:", theme.strong, "")
    assert said({1: "", 2: "range"}, before=(train, two, test)) == ["train", "2:", "test", "range"]
    assert said({1: "range of 3 seeds"}, width=20) == ["train", "test", "range of 3 seeds"]  # in a second row
    assert said({1: "range of 3 seeds"}, width=8) == ["train", "test"]
    assert with_faint([], "", {1: "range"}, 80, theme) == []


def test_what_all_figures_have_stands_before_the_first_number() -> None:
    train, test = entries("train", "test")
    theme = Theme()
    numbered = [LegendEntry("1:", theme.strong, ""), train, LegendEntry("2:", theme.strong, ""), test]

    def said(words: str, bands: dict[int, str]) -> list[str]:
        return [entry.label or entry.glyph for entry in with_faint(numbered, words, bands, 160, theme)]

    assert said("", {1: "range", 2: "range"}) == ["range", "1:", "train", "2:", "test"]
    assert said("pinned", {1: "", 2: "range"}) == ["pinned", "1:", "train", "2:", "test", "range"]
    assert said("pinned", {1: "range", 2: ""}) == ["pinned", "1:", "train", "2:", "test", "1:", "range"]
