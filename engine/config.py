"""Knobs and configs: every option, form field and error sentence about a setting comes from here.

A phenomenon declares a frozen pydantic model whose fields are made with `knob(...)`. Only what changes results is in
it (never device, cadence or paths), so that its digest together with the seed identifies a run. No torch, no scipy.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import KnobError, echoed, nearest
from engine.knob_names import meant

C = TypeVar("C", bound="Config")
LARGEST = 2**63  # whole numbers are stored in 64 bits


class Offer(Protocol):
    """What a knob takes besides what is built in: names whose content a person can exchange, such as imported data sets."""

    @property
    def builtin(self) -> tuple[str, ...]:
        """The names that are built in."""

    def names(self) -> tuple[str, ...]:
        """The further names that may be given at present."""

    def content(self, name: str, wanted: str = "") -> str:
        """Return what identifies a further name's content.

        Raises:
            LabError: it is gone, or has another content than the one that is wanted.
        """

    def require(self, name: str) -> None:
        """Refuse a built-in name whose content is not here.

        Raises:
            LabError: it is not.
        """

    def advice(self, name: str) -> str:
        """What to do about a name that is not taken."""


class Need(Protocol):
    """A condition on the knobs, such as `engine.contract.Condition`: what is needed, and whether a config has it."""

    @property
    def words(self) -> str:
        """What is needed: `data gauss`."""

    @property
    def test(self) -> Callable[[Any], bool]:
        """Whether a config has it."""


def knob(
    default: Any,
    text: str,
    *,
    ge: float | None = None,
    le: float | None = None,
    unit: str = "",
    live: bool = False,
    log: bool = False,
    label: str = "",
    divergence: bool = False,
    offer: Offer | None = None,
    needs: Sequence[Need] = (),
) -> Any:
    """Declare one field of a Config.

    Args:
        default: value of the `quick` preset.
        text: one line for help and the form.
        ge, le: inclusive bounds (of each element, where the field is a tuple).
        unit: for example "steps" or "of 2/s_max^2".
        live: whether it may change during a run; otherwise a change restarts from the same seeds.
        log: whether steps in the form multiply (1, 2, 5, 10) rather than add.
        label: what errors and forms call it; the field's name with spaces when empty.
        divergence: whether this is the knob to lower when training leaves the finite numbers (a learning rate).
        offer: of a text: the names that it takes. The config also declares `NAME_sha256: str = content_of("NAME")`.
        needs: conditions on the other knobs without which it has no effect.
    """
    extra: dict[str, Any] = {"unit": unit, "live": live, "log": log, "label": label, "divergence": divergence, "ge": ge, "le": le}
    extra |= {"offer": offer, "needs": tuple(needs)}
    return Field(default, description=text, json_schema_extra=extra)


def content_of(name: str) -> Any:
    """Declare the field beside the knob `name` that says which content an imported name stood for; empty where it is built in.

    It is no knob: `build` fills it, and refuses a name whose content is another than the one it says.
    """
    extra: dict[str, Any] = {"content_of": name}
    return Field("", json_schema_extra=extra)


@dataclass(frozen=True)
class Knob:
    """One knob as the command line and the form see it."""

    name: str
    kind: Literal["int", "float", "bool", "choice", "ints", "floats", "text"]
    default: Any
    text: str
    lo: float | None
    hi: float | None
    choices: tuple[str, ...]
    unit: str
    live: bool
    log: bool
    label: str
    divergence: bool = False
    offer: Offer | None = field(default=None, compare=False, repr=False)
    needs: tuple[Need, ...] = field(default=(), compare=False, repr=False)

    @property
    def option(self) -> str:
        """The command-line option, `--weight-decay`."""
        return "--" + self.name.replace("_", "-")

    @property
    def word(self) -> str:
        """What legends and tables of several runs call it, the option without its dashes: `weight-decay`."""
        return self.option.removeprefix("--")

    @property
    def allowed(self) -> str:
        """What the knob accepts, as a phrase: `a number between 0 and 10`, `one of a, b`."""
        if self.kind == "choice":
            return "one of " + ", ".join(self.choices)
        if self.kind == "bool":
            return "yes or no"
        nouns = {
            "int": "a whole number",
            "float": "a number",
            "ints": "whole numbers separated by commas",
            "floats": "numbers separated by commas",
        }
        return f"{nouns.get(self.kind, 'text')} {self.range}".strip()

    def idle(self, config: Any) -> str:
        """Why it has no effect beside the other knobs of a config, `needs data gauss`; empty where it has one."""
        lacking = [need.words for need in self.needs if not need.test(config)]
        return f"needs {', '.join(lacking)}" if lacking else ""

    @property
    def range(self) -> str:
        """The bounds as a phrase: `between 0 and 10`; empty where there are none."""
        if self.lo is not None and self.hi is not None:
            return f"between {self.lo:.12g} and {self.hi:.12g}"
        if self.lo is not None:
            return f"at least {self.lo:.12g}"
        return f"at most {self.hi:.12g}" if self.hi is not None else ""

    def renewed(self) -> Knob:
        """The same with the names that are offered at present."""
        return replace(self, choices=(*self.offer.builtin, *self.offer.names())) if self.offer else self

    def format(self, value: Any) -> str:
        """Write a value the way `parse` reads it."""
        if self.kind == "bool":
            return "yes" if value else "no"
        if self.kind in ("ints", "floats"):
            return ",".join(_written(item) for item in value)
        return _written(value)

    def parse(self, given: Any) -> Any:
        """Read a value from text (or check one that is already typed).

        Raises:
            KnobError: `weight decay must be between 0 and 10, got -1`.
        """
        try:
            value = self._read(given)
        except (TypeError, ValueError, OverflowError):
            raise self._refusal(given, self.allowed) from None
        for item, typed in zip(*_items(value, given), strict=True):
            if isinstance(item, int | float) and not isinstance(item, bool) and not self._within(item):
                raise self._refusal(typed, self.range)
        return value

    def _refusal(self, given: Any, allowed: str) -> KnobError:
        shown = f"{given:.12g}" if isinstance(given, float) else echoed(given)
        hint = nearest(shown, self.choices) if self.kind == "choice" else ""
        unit = f" ({self.unit})" if self.unit else ""
        advice = self.offer.advice(shown) if self.offer else f"default: {self.format(self.default)}"
        return KnobError(f"{self.label} must be {allowed}{unit}, got {shown}{hint}", advice)

    def _within(self, item: float) -> bool:
        finite = abs(item) < LARGEST if isinstance(item, int) else math.isfinite(item)
        return finite and (self.lo is None or item >= self.lo) and (self.hi is None or item <= self.hi)

    def _read(self, given: Any) -> Any:
        if self.kind == "choice":
            if str(given) not in self.choices:
                raise ValueError(given)
            return str(given)
        if self.kind == "bool":
            return _yes(given)
        if self.kind in ("ints", "floats"):
            items = given.split(",") if isinstance(given, str) else list(given)
            if not items:
                raise ValueError("empty")
            return tuple(_whole(item) if self.kind == "ints" else _real(item) for item in items)
        if self.kind == "int":
            return _whole(given)
        return _real(given) if self.kind == "float" else str(given)


def _written(value: Any) -> str:
    """Write a number so that it is read back exactly, briefly where it can be."""
    if not isinstance(value, float):
        return str(value)
    brief = f"{value:.12g}"
    return brief if float(brief) == value else repr(value)


def _yes(given: Any) -> bool:
    """Read yes/no, true/false, on/off, 1/0."""
    word = str(given).lower()
    if word not in ("yes", "true", "on", "1", "no", "false", "off", "0"):
        raise ValueError(given)
    return word in ("yes", "true", "on", "1")


def _whole(given: Any) -> int:
    """Read 5, "5", 5.0 and "2e5" as integers, each digit of it; refuse 5.5."""
    if isinstance(given, int):
        return int(given)
    with contextlib.suppress(ValueError):
        if isinstance(given, str):
            return int(given)
    number = float(given)
    if number != int(number):
        raise ValueError(given)
    return int(number)


def _real(given: Any) -> float:
    """Read a number; there is one zero, -0 is the same."""
    return float(given) + 0.0


def _items(value: Any, given: Any) -> tuple[Sequence[Any], Sequence[Any]]:
    """The numbers of a value, and each as it was typed."""
    if not isinstance(value, tuple):
        return (value,), (given,)
    return value, given.split(",") if isinstance(given, str) else list(given)


class Config(BaseModel):
    """The knobs of one phenomenon; immutable. Subclasses declare fields with `knob`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def knobs(cls) -> tuple[Knob, ...]:
        """Every knob in the order of declaration."""
        return tuple(item.renewed() for item in _declared(cls))

    @classmethod
    def contents(cls) -> dict[str, str]:
        """The fields that say which content an imported name stood for, each with the knob that has the name."""
        found = {name: (field.json_schema_extra or {}) for name, field in cls.model_fields.items()}
        return {name: str(extra["content_of"]) for name, extra in found.items() if isinstance(extra, dict) and "content_of" in extra}

    @classmethod
    def updated(cls, values: Mapping[str, Any], updates: Mapping[str, Any]) -> dict[str, Any]:
        """Return values with some replaced; a name that is given anew stands for the content that it has now."""
        named = {name.replace("-", "_") for name in updates}
        return {**{name: value for name, value in values.items() if cls.contents().get(name) not in named}, **updates}

    @classmethod
    def knob(cls, name: str) -> Knob:
        """Return one knob by name (`weight-decay` and `weight_decay` alike).

        Raises:
            KnobError: names the nearest and lists the valid ones.
        """
        names = {item.name: item for item in _declared(cls)}
        found = names.get(name.replace("-", "_"))
        if found is None:
            raise KnobError(f"no knob {echoed(name)!r}{meant(name, names)}", "knobs: " + ", ".join(names))
        return found.renewed()

    def values(self) -> dict[str, Any]:
        """Every knob's value as plain JSON types (tuples become lists), and the contents of imported names."""
        beside = type(self).contents()
        return {name: value for name, value in self.model_dump(mode="json").items() if value or name not in beside}

    def changed(self, **updates: Any) -> typing.Self:
        """Return a copy with some knobs changed, each checked against its range.

        Raises:
            KnobError: unknown knob or value out of range.
        """
        return build(type(self), self.updated({name: getattr(self, name) for name in type(self).model_fields}, updates))

    def require_contents(self) -> None:
        """Refuse to begin where what a name stands for, such as a data set to be fetched, is not here.

        Raises:
            LabError: it is not; how it is got is said.
        """
        for item in self.knobs():
            if item.offer:
                item.offer.require(getattr(self, item.name))

    def digest(self) -> str:
        """Eight hexadecimal digits that identify these values."""
        text = json.dumps(self.values(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:8]


def build(kind: type[C], values: Mapping[str, Any]) -> C:
    """Make a config from (possibly textual) values, defaults filling the rest.

    Raises:
        KnobError: unknown knob, value out of range, or a combination that the config's own validator refuses.
    """
    beside = kind.contents()
    known = {of: values.get(name, "") for name, of in beside.items()}
    parsed: dict[str, Any] = {}
    for name, value in values.items():
        if name in beside:
            continue
        item = kind.knob(name)
        content = _content(item, value, known.get(item.name, "")) if item.offer else ""
        parsed[item.name] = str(value) if content else item.parse(value)
        if content:
            parsed |= {field: content for field, of in beside.items() if of == item.name}
    try:
        return kind(**parsed)
    except ValidationError as error:
        sentence = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise KnobError(sentence) from None


def _content(item: Knob, given: Any, wanted: Any) -> str:
    """Return the content that an imported name stands for; empty for what is built in, and for what `parse` will refuse.

    Raises:
        KnobError: a content is wanted of a name that has none.
        LabError: the wanted content is gone.
    """
    name, offer = given if isinstance(given, str) else echoed(given), item.offer
    if offer is None or name in offer.builtin:
        if wanted:
            raise KnobError(f"{item.label} {echoed(name)} is built in and has no SHA-256, got {echoed(wanted)}")
        return ""
    return offer.content(name, str(wanted)) if wanted or name in offer.names() else ""


@functools.cache
def _declared(kind: type[Config]) -> tuple[Knob, ...]:
    """The knobs of a config as they are declared, without the names that are offered at present; a sweep asks a million times."""
    hints, beside = typing.get_type_hints(kind), kind.contents()
    return tuple(_knob_of(name, hints[name], field) for name, field in kind.model_fields.items() if name not in beside)


def _knob_of(name: str, hint: Any, field: Any) -> Knob:
    extra = field.json_schema_extra or {}
    kind, choices = _kind_of(hint)
    offer = extra.get("offer")
    if offer:
        kind, choices = "choice", offer.builtin
    return Knob(
        name=name, kind=kind, default=field.default, text=field.description or "", lo=extra.get("ge"), hi=extra.get("le"),
        choices=choices, unit=extra.get("unit", ""), live=bool(extra.get("live")), log=bool(extra.get("log")),
        label=extra.get("label") or name.replace("_", " "), divergence=bool(extra.get("divergence")), offer=offer,
        needs=tuple(extra.get("needs") or ()),
    )  # fmt: skip


def _kind_of(hint: Any) -> tuple[Any, tuple[str, ...]]:
    origin = typing.get_origin(hint)
    if origin is Literal:
        return "choice", tuple(str(item) for item in typing.get_args(hint))
    if origin is tuple:
        return ("ints" if typing.get_args(hint)[0] is int else "floats"), ()
    if origin in (typing.Union, types.UnionType):
        raise TypeError("a knob has one type; use a Literal choice beside a number instead of a union")
    return {bool: "bool", int: "int", float: "float", str: "text"}[hint], ()
