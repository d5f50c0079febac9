"""The knob form, generated from a Config: label, value, unit and whether a change is live; typed or stepped with the arrows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from engine.contract import Config, Knob, LabError, Preset, build
from screens.widgets.form_fields import FormField, PresetField, UnusedRow
from screens.widgets.knob_steps import stepped
from screens.widgets.scrolled_list import ScrolledList

SHARE, LEAST_ROWS = 0.6, 3  # of a panel that is shared with the claims, and rows of the list at least
FOLDED = 2  # knobs without effect from which they are hidden behind one row
UNUSED = "n/a"  # not applicable: beside a knob that has no effect with the present values of the others


class KnobField(FormField):
    """Sets one knob. Typing replaces the value, enter applies, escape forgets; left and right step."""

    class Changed(Message):
        """A checked value for a knob."""

        def __init__(self, knob: Knob, value: Any) -> None:
            super().__init__()
            self.knob = knob
            self.value = value

    def __init__(self, knob: Knob, check: Callable[[str, Any], Any]) -> None:
        super().__init__()
        self.knob = knob
        self.label = knob.label
        self.value: Any = knob.default
        self.idle = ""  # why it has no effect beside the present values of the others
        self.draft: str | None = None
        self._whole = False  # the draft is still the value: the first character replaces it, backspace and the arrows edit it
        self._check = check
        self.patience = 0.0  # seconds without a further step before a value that restarts the run is applied
        self._pending: Any = None
        self._refused: Any = None  # the choice that was stepped to and not taken: the next step goes on from there

    def show(self, value: Any, idle: str = "") -> None:
        """Follow the run's value, unless a person is typing or stepping."""
        if idle != self.idle:
            self.idle = idle
            self.refresh()
        if self._pending is None and value != self.value:
            self.value = value
            self.refresh(layout=True)

    def explain(self) -> str:
        """Say what the knob sets, its range, and what a change does."""
        self.knob = self.knob.renewed()
        effect = "Changes the run at once." if self.knob.live else "A change begins again from the same seeds."
        unit = f", in {self.knob.unit}" if self.knob.unit else ""
        effect = f"It has no effect now: it {self.idle}." if self.idle else effect
        return f"{self.knob.text.rstrip('.')}: {self.knob.allowed}{unit}. {effect}"

    def action_step(self, direction: int) -> None:
        """Step to the next value and apply it: at once when live, after a moment's patience when it restarts the run."""
        if self.draft is not None or self.refused():
            return
        self.knob = self.knob.renewed()
        value = stepped(self.knob, self.value if self._refused is None else self._refused, direction)
        if value == self.value and self.knob.kind in ("ints", "floats", "text"):
            self.fail(f"type {self.knob.allowed}, then enter")
            return
        if not self._apply(value, wait=0.0 if self.knob.live else self.patience) and self.knob.kind == "choice":
            self._refused = value

    def action_enter(self) -> None:
        """Begin to type, or apply what was typed."""
        if self.refused():
            return
        if self.draft is None:
            self.draft, self._whole = self.knob.format(self.value), True
            self.refresh(layout=True)
            return
        if self._apply(self.draft, wait=0.0):
            self.draft = None
            self.refresh(layout=True)

    def _apply(self, value: Any, wait: float) -> bool:
        try:
            checked = self._check(self.knob.name, value)
        except LabError as error:
            self.fail(error.message)
            return False
        self.fail("")
        self._refused = None
        self.value = checked
        self.refresh(layout=True)
        self._pending = checked
        if wait:
            self.set_timer(wait, lambda: self._send(checked))
        else:
            self._send(checked)
        return True

    def _send(self, value: Any) -> None:
        if self._pending == value:  # not overtaken by a further step
            self._pending = None
            self.post_message(self.Changed(self.knob, value))

    def on_key(self, event: events.Key) -> None:
        """Take what is typed: digits begin an entry, further characters extend it, escape forgets it."""
        if self.draft is None:
            starts = event.character is not None and event.character in "0123456789.-" and self.knob.kind not in ("bool", "choice")
            if not starts:
                return
            if self.refused():
                event.stop()
                return
            self.draft, self._whole = "", False
        if event.key == "escape":
            self._forget()
        elif event.key in ("backspace", "ctrl+h"):
            self.draft = self.draft[:-1]
        elif event.is_printable and event.character is not None:
            self.draft = event.character if self._whole else self.draft + event.character
        elif event.key in ("left", "right", "up", "down"):
            pass
        else:
            return
        self._whole = False
        event.stop()
        event.prevent_default()
        self.refresh(layout=True)

    def on_blur(self) -> None:
        """Leave an unfinished entry."""
        self._forget()

    def _forget(self) -> None:
        self.draft = self._refused = None
        self.fail("")
        self.refresh(layout=True)

    def lines(self, width: int) -> list[Text]:
        """Return the rows: the knob with its value or what is typed."""
        if self.draft is not None:
            return self.row(width, self.draft if self._whole else self.draft + "_", unit_beside(self.knob), "enter")
        mark = UNUSED if self.idle else "live" if self.knob.live else ""
        return self.row(width, self.knob.format(self.value), unit_beside(self.knob), mark, faint=bool(self.idle))


def unit_beside(knob: Knob) -> str:
    """The unit that stands behind a knob's value: none where its label ends with it, as that of `steps` does."""
    return "" if knob.label.split()[-1:] == [knob.unit] else knob.unit


class KnobForm(Vertical):
    """All knobs of a phenomenon below its preset, and an explanation of the focused one; those without effect wait behind the last row.

    Args:
        config: whose knobs.
        presets: the phenomenon's.
        patience: by the run's knobs, seconds without a further step before one that restarts the run is applied.
        estimate: says how long a run with some knobs and so many seeds takes here; empty where that is not known.
    """

    DEFAULT_CSS = """
    KnobForm { height: 1fr; }
    KnobForm ScrolledList { height: 1fr; }
    KnobForm #explanation { width: 1fr; height: auto; max-height: 9; text-style: dim; display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
    ]

    def __init__(
        self,
        config: type[Config],
        presets: tuple[Preset, ...],
        patience: Callable[[Mapping[str, Any]], float] = lambda knobs: 0.0,
        estimate: Callable[[Mapping[str, Any], int], str] = lambda knobs, seeds: "",
    ) -> None:
        super().__init__()
        self._estimate, self._patience = estimate, patience
        self._seeds = 1
        self._shared = False
        self._kind = config
        self._config: Mapping[str, Any] = {item.name: item.default for item in config.knobs()}
        self._shown: Mapping[str, Any] | None = None
        self._idle: Mapping[str, str] = {}
        self._preset = PresetField(presets)
        self.fields = {item.name: KnobField(item, self._checked) for item in config.knobs()}
        self._unused = UnusedRow()
        self._unused.display = False
        self._list = ScrolledList(*self.rows())
        self._explanation = Static(id="explanation", markup=False)
        knobs = config.knobs()
        mark_width = 5 if any(item.live for item in knobs) else len(UNUSED) if any(item.needs for item in knobs) else 0
        for field in self.rows():
            field.mark_width = mark_width
        self._align()

    def compose(self) -> ComposeResult:
        """Lay out the preset, the knobs and the explanation."""
        yield self._list
        yield self._explanation

    def rows(self) -> Iterator[FormField]:
        """Every row in order."""
        yield self._preset
        yield from self.fields.values()
        yield self._unused

    def _seen(self) -> list[FormField]:
        return [field for field in self.rows() if field.display]

    def show(self, config: Mapping[str, Any], preset: str, seeds: int = 1) -> None:
        """Follow the run's knobs, preset and number of seeds."""
        turned = config != self._shown
        if turned:
            self._shown, self._idle = config, idle_knobs(self._kind, config)
            for field in self.fields.values():
                field.patience = self._patience(config)
        self._config, self._seeds = config, seeds
        self._preset.show(preset)
        for name, field in self.fields.items():
            if name in config:
                value = config[name]
                field.show(tuple(value) if isinstance(value, list) else value, self._idle.get(name, ""))
        if turned:
            self._fold()

    def _fold(self) -> None:
        """Hide the knobs without effect behind one row, where they are several and nobody asked to see them."""
        folds = len(self._idle) >= FOLDED
        self._unused.follow(len(self._idle))
        self._unused.display = folds
        for name, field in self.fields.items():
            field.display = not folds or self._unused.opened or name not in self._idle or field.has_focus

        self._align()

    def _align(self) -> None:
        """Give the units as much room as those that are seen need."""
        width = max((len(unit_beside(field.knob)) for field in self.fields.values() if field.display), default=0)
        for field in self.rows():
            field.align(width)

    def on_unused_row_turned(self, event: UnusedRow.Turned) -> None:
        """Show or hide what has no effect."""
        event.stop()
        self._fold()
        self.call_after_refresh(self._leave_room)
        self._explain(self._unused)

    def _checked(self, name: str, value: Any) -> Any:
        return getattr(build(self._kind, self._kind.updated(self._config, {name: value})), name)

    def refuse(self, refusal: str) -> None:
        """Let nothing be changed any more, and say why where somebody tries; an empty text lets it again."""
        for field in self.rows():
            field.refusal = refusal

    def share(self, shared: bool) -> None:
        """Take only the rows that are needed, or all the room there is."""
        self._shared = shared
        self.styles.height = "auto" if shared else "1fr"
        self.styles.margin = (0, 0, int(shared), 0)
        self._list.styles.height = "auto" if shared else "1fr"
        self._leave_room()

    def on_resize(self) -> None:
        """Leave room for the explanation at another size."""
        self._leave_room()

    def _leave_room(self) -> None:
        """Let the list scroll where it would take more than its share, or push the explanation out of sight."""
        around = self.parent.size.height if isinstance(self.parent, Widget) else 0
        explained = self._explanation.size.height if self._explanation.display else 0
        self._list.styles.max_height = max(LEAST_ROWS, int(SHARE * around) - explained) if self._shared and around else None

    def focus_first(self) -> None:
        """Give the keyboard to the first knob."""
        next((field for field in self.fields.values() if field.display), self._preset).focus()

    def focus_on(self, knob: str) -> None:
        """Give the keyboard to one knob, and show it where it was hidden."""
        if not self.fields[knob].display:
            self._unused.opened = True
            self._fold()
        self.fields[knob].focus()

    def action_move(self, direction: int) -> None:
        """Move the keyboard to the row above or below."""
        rows = self._seen()
        places = [index for index, field in enumerate(rows) if field.has_focus]
        if places:
            rows[(places[0] + direction) % len(rows)].focus()

    def on_form_field_focused(self, event: FormField.Focused) -> None:
        """Explain the focused row."""
        event.stop()
        for field in self._seen():
            if field.has_focus:
                self._explain(field)
        self.call_after_refresh(self._leave_room)
        self.call_after_refresh(self._keep_in_sight)

    def _keep_in_sight(self) -> None:
        """Scroll to the focused row once its explanation has taken its rows."""
        for field in self._seen():
            if field.has_focus:
                self.call_after_refresh(field.scroll_visible, animate=False)

    def _explain(self, field: FormField) -> None:
        time = "" if field is self._unused else self._time(field)
        self._explanation.update(f"{field.explain()} {time}".rstrip())
        self._explanation.display = True

    def on_descendant_blur(self) -> None:
        """Explain nothing once the keyboard is elsewhere, and hide what had no effect but the keyboard."""
        if not self.has_focus_within:
            self._fold()
            self._explanation.display = False
            self._leave_room()

    def _time(self, field: FormField) -> str:
        """How long it takes: the preset that is shown, or the run with its present knobs."""
        preset = self._preset.choice if field is self._preset else None
        if preset is None:
            return self._estimate(self._config, self._seeds)
        if preset.needs:
            return ""
        return self._estimate(build(self._kind, preset.overrides).values(), preset.seeds)


def idle_knobs(kind: type[Config], values: Mapping[str, Any]) -> dict[str, str]:
    """Return the knobs that have no effect with these values, each with why; none where the values make no config any more."""
    if not any(item.needs for item in kind.knobs()):
        return {}
    try:
        config = build(kind, values)
    except LabError:  # of a stored run, whose data are gone
        return {}
    return {item.name: why for item in kind.knobs() if (why := item.idle(config))}
