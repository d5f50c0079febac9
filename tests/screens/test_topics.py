"""Words that no phenomenon's or preset's name has lead to what is about them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.contract import Spec
from engine.contract.domain import one_of
from engine.registry import entries, spec
from screens.topics import Topic, topics
from tests.screens.canned import SPEC

LOOKED_FOR = {
    "svm": "max-margin quick",
    "implicit bias": "min-norm quick",
    "bregman": "min-norm mirror",
    "prolif": "benign-overfitting classification",
    "catapult": "edge-of-stability quick",
    "ntk": "lazy-training quick",
    "candès": "max-margin quick",
    "papyan": "neural-collapse quick",
    "etf": "neural-collapse quick",
    "triple descent": "double-descent multiple-descent",
}


def led_to(words: str) -> list[str]:
    specs = [spec(entry.name) for entry in entries()]
    return [f"{item.name} {topic.preset}" for item in specs for topic in topics(item, words.split())]


@pytest.mark.parametrize("words", list(LOOKED_FOR))
def test_words_of_the_field_lead_to_the_preset_that_shows_them(words: str) -> None:
    assert LOOKED_FOR[words] in led_to(words)


def test_topics_name_presets() -> None:
    for entry in entries():
        found = spec(entry.name)
        assert found.topics and set(found.topics) <= {preset.name for preset in found.presets}, entry.name


def canned() -> Spec:
    name = SPEC.presets[1].name
    claim = replace(SPEC.claims[0], id="C9", sentence="Wombats sleep", presets=(name,))
    figure = replace(SPEC.figures[0], title="Quokka's height", domain=(one_of("bias", SPEC.configure(name).values()["bias"]),))
    return replace(
        SPEC,
        claims=(claim,),
        figures=(figure,),
        topics={name: "platypus, echidna"},
        notes="## A\n\n- A **numbat** `x`\n  eats.\n\nNo point\n",
    )


def test_each_kind_of_text_is_searched_from_the_beginning_of_its_words() -> None:
    found, name = canned(), SPEC.presets[1].name
    assert list(topics(found, ["echidna"])) == [Topic(name, "about: platypus, echidna")]
    assert list(topics(found, ["womb"])) == [Topic(name, "C9: Wombats sleep", 1)]
    assert [topic.what for topic in topics(found, ["quokka"])] == ["figure: Quokka's height"]
    assert list(topics(found, ["numbat"])) == [Topic(SPEC.presets[0].name, "notes: A numbat x eats.", 3)]
    assert not list(topics(found, ["ombats"])) and not list(topics(found, ["point"]))


def test_words_of_the_title_help_and_find_nothing_alone() -> None:
    title = SPEC.title.lower().split()
    assert list(topics(canned(), [*title, "echidna"]))
    assert not list(topics(canned(), title))


def test_what_a_word_is_about_ranks_before_notes_that_have_it_in_passing() -> None:
    found = {entry.name: list(topics(spec(entry.name), ["uniform"])) for entry in entries()}
    assert found["random-labels"] and all(topic.rank == 3 for topic in found["random-labels"])
    assert found["vacuous-bounds"][0].rank == 0
    for topic in (topic for topics_found in found.values() for topic in topics_found):
        assert (topic.rank == 3) == topic.what.startswith("notes: ") and (topic.rank == 2) == topic.what.startswith("after ")
