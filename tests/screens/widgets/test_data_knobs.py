"""A knob that takes data sets: offers what is imported while the form stands, and steps over what the other knobs refuse."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from pydantic import model_validator
from textual.app import App, ComposeResult

from engine.contract import Config, Preset, content_of, knob, one_of
from engine.data import own
from engine.data.knobs import data_knob
from screens.widgets.knob_form import UNUSED, KnobField, KnobForm


class Taking(Config):
    """Data of which n rows are wanted."""

    dataset: str = data_knob("digits", "data", builtin=("digits",))
    dataset_sha256: str = content_of("dataset")
    n: int = knob(100, "rows", ge=1, le=1000)

    @model_validator(mode="after")
    def _enough(self) -> Taking:
        if self.dataset == "few" and self.n > 6:
            raise ValueError(f"n must be at most 6 on few, got {self.n}")
        return self


class FormApp(App[None]):
    """The form alone."""

    def __init__(self) -> None:
        super().__init__()
        self.form = KnobForm(Taking, (Preset("quick", "why"),))
        self.sent: list[Any] = []

    def compose(self) -> ComposeResult:
        yield self.form

    def on_knob_field_changed(self, event: KnobField.Changed) -> None:
        self.sent.append(event.value)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))


def imported(name: str, shift: float = 0.0) -> str:
    data = own.OwnData("classes", np.arange(20.0).reshape(10, 2) + shift, np.arange(10) % 2, (2,), ("a", "b"), source="a.csv")
    return own.add(name, data, force=True)[0].sha256


def test_what_is_imported_later_is_stepped_to_and_what_is_refused_is_stepped_over() -> None:
    async def scenario() -> None:
        app = FormApp()
        async with app.run_test(size=(60, 20)) as pilot:
            field = app.form.fields["dataset"]
            field.focus()
            await pilot.press("right")
            assert field.value == "digits"  # there is nothing else
            imported("few")
            imported("more")
            await pilot.press("right")
            assert (field.value, field.error) == ("digits", "n must be at most 6 on few, got 100")
            assert "few, more" in field.explain()
            await pilot.press("right")
            assert (field.value, field.error) == ("more", "")
            await pilot.pause()
            assert app.sent[-1] == "more"

    asyncio.run(scenario())


def test_a_content_that_changed_is_a_sentence_and_the_name_can_be_taken_anew() -> None:
    content = imported("more")

    async def scenario() -> None:
        app = FormApp()
        async with app.run_test(size=(60, 20)) as pilot:
            app.form.show({"dataset": "more", "dataset_sha256": content, "n": 5}, "custom")
            imported("more", 1.0)
            app.form.fields["n"].focus()
            await pilot.press("right")
            assert "more is another one now" in app.form.fields["n"].error
            app.form.fields["dataset"].focus()
            await pilot.press("right", "right")
            await pilot.pause()
            assert app.sent[-1] == "more"

    asyncio.run(scenario())


class Idle(Config):
    """Some knobs that matter beside some others only."""

    law: Literal["gauss", "points"] = knob("gauss", "data")
    n: int = knob(40, "points of gauss", ge=4, le=500, needs=(one_of("law", "gauss"),))
    steps: int = knob(10, "steps", ge=1, le=100)


def test_a_knob_without_effect_is_marked_and_says_what_it_needs() -> None:
    async def scenario() -> None:
        app = FormApp()
        app.form = KnobForm(Idle, (Preset("quick", "why"),))
        async with app.run_test(size=(60, 20)) as pilot:
            fields = app.form.fields

            def marked() -> list[str]:
                return [name for name, field in fields.items() if UNUSED in str(field.render())]

            app.form.show(Idle().values(), "quick")
            assert not marked()
            app.form.show(Idle(law="points").values(), "custom")
            await pilot.pause()
            assert marked() == ["n"]
            assert fields["n"].explain().endswith("It has no effect now: it needs law gauss.")
            assert fields["steps"].explain().endswith("A change begins again from the same seeds.")
            app.form.show({**Idle().values(), "law": "gone"}, "custom")  # of a stored run that no config is made of any more
            assert not marked()

    asyncio.run(scenario())


class Studies(Config):
    """One study's knobs beside another's."""

    study: Literal["width", "depth"] = knob("width", "what is studied")
    widths: int = knob(40, "widths", ge=4, le=500, needs=(one_of("study", "width"),))
    narrowest: int = knob(4, "narrowest", ge=1, le=500, needs=(one_of("study", "width"),))
    layers: int = knob(2, "layers", ge=1, le=9, needs=(one_of("study", "depth"),))
    steps: int = knob(10, "steps", ge=1, le=100)


def test_several_knobs_without_effect_wait_behind_one_row() -> None:
    async def scenario() -> None:
        app = FormApp()
        app.form = KnobForm(Studies, (Preset("quick", "why"),))
        async with app.run_test(size=(60, 20)) as pilot:
            form = app.form

            def seen() -> list[str]:
                return [field.label for field in form.rows() if field.display]

            form.show(Studies().values(), "quick")
            await pilot.pause()
            assert seen() == ["preset", "study", "widths", "narrowest", "layers", "steps"]  # one alone is marked in its place
            form.show(Studies(study="depth").values(), "custom")
            await pilot.pause()
            assert seen() == ["preset", "study", "layers", "steps", "without effect here"]
            form.focus_first()
            await pilot.press("up", "up")  # past the preset to the last row
            assert "2 hidden" in str(form.screen.focused.render())
            await pilot.press("enter")
            assert seen() == ["preset", "study", "widths", "narrowest", "layers", "steps", "without effect here"]
            assert "2 shown" in str(form.screen.focused.render())
            await pilot.press("left")
            assert "widths" not in seen()
            form.focus_on("widths")
            await pilot.pause()
            assert form.screen.focused is form.fields["widths"]
            form.show(Studies().values(), "quick")
            await pilot.pause()
            assert seen() == ["preset", "study", "widths", "narrowest", "layers", "steps"]

    asyncio.run(scenario())
