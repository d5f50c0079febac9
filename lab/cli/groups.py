"""Commands that answer mistakes the way the rest of genlab does, and commands made from a phenomenon's knobs.

Typer reads parameters from a function's signature; `knob_command` writes such a signature from `Config.knobs()`, so help,
bounds, choices and completion have one source. Knob values stay text here: `engine.config` reads them and words the refusals.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from engine.errors import UsageError, echoed, nearest
from engine.knob_names import meant

if TYPE_CHECKING:
    from engine.contract import Knob, Spec

Action = Callable[..., Any]
DATA_OPTIONS = ("--dataset", "--data")  # both name the knob that takes a data set


def told_mistake(ctx: Any, params: Iterable[Any], error: Exception) -> Exception:
    """Return an error of Typer's parser, which may not know of which command it is, as one that names its help."""
    given = getattr(error, "option_name", None)
    if given is None:
        if getattr(error, "ctx", ctx) is None:
            error.ctx = ctx  # type: ignore[attr-defined]
        return error
    found = next((param for param in params if given in (*param.opts, *param.secondary_opts)), None)
    hint = f"See: {ctx.command_path} --help"
    if found is None or found.is_flag:
        return UsageError(f"option {echoed(given)} takes no value", hint)
    return UsageError(f"option {echoed(given)} needs a value{f': {found.metavar}' if found.metavar else ''}", hint)


class LabCommand(TyperCommand):
    """A command that names the nearest option when one does not exist, and lists knobs apart from options in its help."""

    knobs: frozenset[str] = frozenset()  # parameter names that are knobs
    phenomenon = ""

    def __init__(self, name: str | None, *, help: str | None = None, **options: Any) -> None:
        text = help.split("\n\nRaises:")[0] if help else help  # that part of a docstring is for developers
        super().__init__(name, help=text, **options)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse, turning an unknown option into a sentence.

        Raises:
            UsageError: unknown option or knob.
        """
        try:
            return list(super().parse_args(ctx, args))
        except Exception as error:
            given = getattr(error, "option_name", None)
            if given is None or not type(error).__name__.startswith("NoSuchOption"):
                raise told_mistake(ctx, self.get_params(ctx), error) from None
            raise self._unknown(ctx, given) from None

    def _unknown(self, ctx: Any, given: str) -> UsageError:
        options = [option.lstrip("-") for param in self.get_params(ctx) for option in param.opts if option.startswith("--")]
        knobs = [name for name in options if name.replace("-", "_") in self.knobs]
        word = given.lstrip("-")
        if not self.knobs:
            return UsageError(f"no option {echoed(given)!r}{_dashed(nearest(word, options))}", f"See: {ctx.command_path} --help")
        hint = f"knobs: {', '.join(knobs)}. See: {ctx.command_path} --help"
        return UsageError(f"no knob {echoed(word)!r} of {self.phenomenon}{meant(word, options)}", hint)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the knobs as a section of their own below the options."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": [], "Knobs": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                kind = "Knobs" if param.name in self.knobs else f"{param.param_type_name.capitalize()}s"
                sections[kind].append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class LabGroup(TyperGroup):
    """A group that names the nearest command when one does not exist, and shows its commands in sections."""

    sections: Mapping[str, Sequence[str]] = {}

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands in the order of declaration."""
        return list(self.commands)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse, turning an unknown option into a sentence.

        Raises:
            UsageError: unknown option.
        """
        try:
            return list(super().parse_args(ctx, args))
        except Exception as error:
            given = getattr(error, "option_name", None)
            if given is None or not type(error).__name__.startswith("NoSuchOption"):
                raise told_mistake(ctx, self.get_params(ctx), error) from None
            options = [option.lstrip("-") for param in self.get_params(ctx) for option in param.opts]
            hint = f"See: {ctx.command_path} --help"
            raise UsageError(f"no option {echoed(given)!r}{_dashed(nearest(given.lstrip('-'), options))}", hint) from None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, section by section."""
        for title, names in (self.sections or {"Commands": self.list_commands(ctx)}).items():
            with formatter.section(title):
                formatter.write_dl([(name, self.commands[name].get_short_help_str(80)) for name in names])

    def invoke(self, ctx: Any) -> Any:
        """Run the command; end quietly when whoever reads the output is gone (`genlab runs | head -1`)."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            from lab.output import hush

            hush()
            return 0

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that the first argument names.

        Raises:
            UsageError: there is none.
        """
        if not ctx.resilient_parsing and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            self.refuse(ctx, args[0])
        return super().resolve_command(ctx, args)

    def refuse(self, ctx: Any, name: str) -> None:
        """Raise the sentence for a command that does not exist."""
        raise UsageError(f"no command {echoed(name)!r}{nearest(name, self.list_commands(ctx))}", f"See: {ctx.command_path} --help")


class PhenomenonGroup(LabGroup):
    """A command with one subcommand a phenomenon, made when it is asked for: `genlab run NAME --KNOB V`."""

    action: Action

    def list_commands(self, ctx: Any) -> list[str]:
        """Every phenomenon's name, without importing its module."""
        from engine.registry import names

        return list(names())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of one phenomenon with its knobs as options; None where there is no such phenomenon."""
        if cmd_name not in self.list_commands(ctx):
            return None
        from engine.registry import spec

        return knob_command(spec(cmd_name), type(self).action)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the phenomenon's name from anywhere among the options: `run --json NAME` equals `run NAME --json`."""
        names = self.list_commands(ctx) if args and args[0].startswith("-") else []
        first = next((arg for arg in args if arg in names), None)
        if first is not None:
            args = [first, *args[: args.index(first)], *args[args.index(first) + 1 :]]
        return super().parse_args(ctx, args)

    def refuse(self, ctx: Any, name: str) -> None:
        """Raise the registry's sentence: `no phenomenon 'groking'; did you mean grokking?`"""
        from engine.registry import check

        check(name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the phenomena with their questions, read from docstrings alone."""
        from engine.registry import entries

        with formatter.section("Phenomena"):
            formatter.write_dl([(entry.name, f"{entry.title}: {entry.question}") for entry in entries() if not entry.problem])


def knob_command(spec: Spec, action: Action) -> Any:
    """Make the command of one phenomenon.

    action: called with `spec`, its own options as declared in its signature, and `given`: knob name to text, only those typed.
    """
    knobs = spec.config.knobs()

    def body(**options: Any) -> Any:
        given = {item.name: value for item in knobs if (value := options.pop(item.name)) is not None}
        return action(spec=spec, given=given, **options)

    declared = inspect.signature(action, eval_str=True, locals={"Spec": object})  # engine.contract is not imported for a name
    own = [param for param in declared.parameters.values() if param.name not in ("spec", "given")]
    params = [*own, *(_parameter(item) for item in knobs)]
    body.__signature__ = inspect.Signature(params)  # type: ignore[attr-defined]
    body.__annotations__ = {param.name: param.annotation for param in params}
    body.__doc__ = f"{spec.title}: {spec.question}\n\nPresets: {', '.join(preset.name for preset in spec.presets)}."
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(spec.name, cls=LabCommand, no_args_is_help=False)(body)
    command: Any = typer.main.get_command(app)
    command.knobs = frozenset(item.name for item in knobs)
    command.phenomenon = spec.name
    return command


def _parameter(item: Knob) -> inspect.Parameter:
    def complete(incomplete: str) -> Iterable[str]:
        choices = item.choices or (("yes", "no") if item.kind == "bool" else (item.format(item.default),))
        return [choice for choice in choices if choice.startswith(incomplete)]

    also = DATA_OPTIONS if item.offer and item.option in DATA_OPTIONS else ()
    names = (item.option, *(name for name in also if name != item.option))
    option = typer.Option(*names, help=_describe(item), metavar=_metavar(item), show_default=False, autocompletion=complete)
    return inspect.Parameter(item.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, option])


def _describe(item: Knob) -> str:
    facts = [item.range, item.unit, f"default {item.format(item.default)}", "may change during a run" if item.live else ""]
    return f"{item.text.rstrip('.')} [{'; '.join(filter(None, facts))}]"


def _metavar(item: Knob) -> str:
    names = {"int": "N", "float": "X", "bool": "yes|no", "ints": "N,N,..", "floats": "X,X,..", "text": "TEXT"}
    return "|".join(item.choices) if item.kind == "choice" else names[item.kind]


def _dashed(suggestion: str) -> str:
    return suggestion.replace("did you mean ", "did you mean --")
