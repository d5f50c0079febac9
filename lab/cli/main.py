"""The command line `genlab`: the app without arguments, everything else headless.

The other modules of this package declare the commands; what they do is imported when they are called, so that `genlab --help` is quick.
Every mistake of a user ends as one sentence and one hint on standard error, with an exit code of `engine.errors.Exit`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.errors import Exit, LabError, UsageError, echoed
from lab.cli.checking import add_checking, add_reading
from lab.cli.computing import add_computing
from lab.cli.groups import LabGroup
from lab.cli.opening import open_app
from lab.cli.parameters import Density, Device, Runs, Theme, Threads
from lab.cli.settings import add_settings
from lab.cli.stored_runs import add_stored_runs
from lab.cli.tour import add_tour
from lab.streams import write_any_character

HELP = """Why do overparameterized models generalize? A lab in the terminal.

Without a command, the app opens. Everything it does also runs headless: start with `genlab list`.
"""
ANYWHERE = ("--debug", "--ascii")  # options of genlab itself that may also stand after the command


class Root(LabGroup):
    """`genlab` itself."""

    sections = {  # noqa: RUF012 (read only)
        "Look around": ("list", "info", "tour", "cite"),
        "Compute": ("run", "resume", "sweep"),
        "Stored runs": ("runs", "watch", "show", "compare", "export", "rm"),
        "Check": ("verify", "data", "settings", "doctor", "bench"),
    }

    def make_context(self, *args: Any, **options: Any) -> Any:
        """Read the arguments; `--help` that nobody reads is no failure.

        Raises:
            Exit: nobody reads.
        """
        try:
            return super().make_context(*args, **options)
        except BrokenPipeError:
            _hush()
            raise typer.Exit from None

    def refuse(self, ctx: Any, name: str) -> None:
        """Raise the sentence for a command that does not exist; a phenomenon's name is one that wants `run` before it."""
        from engine.registry import names

        if name in names():
            raise UsageError(f"no command {echoed(name)!r}: it is a phenomenon", f"Write: genlab run {name}, or genlab info {name}")
        super().refuse(ctx, name)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; never lets an exception out unless `--debug` is given."""
    args = _hoist(list(sys.argv[1:] if argv is None else argv))
    debug = "--debug" in args
    code = int(Exit.DONE)
    write_any_character()
    try:
        code = int(command().main(args=args, prog_name="genlab", standalone_mode=False, obj={"argv": args}) or Exit.DONE)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _hush()
        return code
    except Exception as error:
        if debug:
            import traceback

            traceback.print_exc()
        code = _explain(error)
        try:
            sys.stdout.flush()
        except OSError:
            _hush()
        return code


@cache
def command() -> Any:
    """The whole command tree."""
    app = typer.Typer(cls=Root, help=HELP, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback(invoke_without_command=True)(root)
    add_reading(app)
    add_tour(app)
    add_computing(app)
    add_stored_runs(app)
    add_checking(app)
    add_settings(app)
    return typer.main.get_command(app)


def root(
    ctx: typer.Context,
    runs: Runs = None,
    device: Device = "auto",
    threads: Threads = None,
    theme: Theme = None,
    density: Density = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII characters only.")] = False,
) -> int:
    """Open the app, unless a command follows."""
    if ascii_only:
        os.environ["GENLAB_ASCII"] = "1"
    if version:
        from importlib.metadata import version as installed

        print(f"genlab {installed('genlab')}")
        raise typer.Exit
    _use_settings(ctx.invoked_subcommand, GENLAB_THEME=theme, GENLAB_DENSITY=density)
    if ctx.invoked_subcommand is None:
        return open_app(runs=runs, device=device, threads=threads)
    if runs is not None:
        from engine.store import choose_root

        choose_root(runs)  # unless a command has a --runs of its own
    for option, given in (("--device", device != "auto"), ("--threads", threads is not None)):
        if given:
            raise UsageError(f"{option} before a command has no effect on it", f"Write: genlab {ctx.invoked_subcommand} ... {option} VALUE")
    return Exit.DONE


def _use_settings(command: str | None, **given: str | None) -> None:
    """Let options count as variables would, and the settings where neither speaks; say what is wrong with them, where the app will not."""
    os.environ.update({variable: value for variable, value in given.items() if value})
    from lab.settings import settings, use_runs

    made = settings()
    use_runs(made)
    if made.problem and command not in (None, "settings", "doctor"):
        _explain(made.problem)


def _hush() -> None:
    from lab.output import hush

    hush()


def _hoist(args: list[str]) -> list[str]:
    """Move the options that may stand anywhere to the front."""
    end = args.index("--") if "--" in args else len(args)
    moved = [arg for arg in args[:end] if arg in ANYWHERE]
    return [*moved, *(arg for arg in args[:end] if arg not in ANYWHERE), *args[end:]]


def _explain(error: Exception) -> int:
    """Write an error as a sentence and a hint; return the exit code."""
    from lab.output import say

    message, hint, code = _sentence(error)
    say(f"genlab: {message}", *([f"  {hint}"] if hint else []))
    return code


def _sentence(error: Exception) -> tuple[str, str, int]:
    if isinstance(error, LabError):
        return error.message, error.hint, int(error.exit_code)
    if hasattr(error, "format_message"):  # Typer's own: a missing argument, a value that is no number
        context = getattr(error, "ctx", None)
        text = error.format_message().rstrip(".")
        hint = f"See: {context.command_path if context else 'genlab'} --help"
        return text[:1].lower() + text[1:], hint, int(getattr(error, "exit_code", Exit.USAGE))
    if isinstance(error, OSError) and error.strerror:
        where = f": {Path(os.fsdecode(error.filename))}" if error.filename else ""
        return f"{error.strerror.lower()}{where}", "See: genlab doctor", int(Exit.RUN_FAILED)
    hint = "This is a defect of genlab; add --debug to see where."
    return f"unexpected {type(error).__name__}: {error}", hint, int(Exit.RUN_FAILED)
