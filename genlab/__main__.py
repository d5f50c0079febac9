"""The command `genlab`, also as `python -m genlab`: makes sure that it is genlab's own packages that it is about to import."""

from __future__ import annotations

from genlab import beginning

beginning.hear_interrupts()  # before anything that takes long is imported

import sys  # noqa: E402
from collections.abc import Sequence  # noqa: E402

from genlab.own_packages import misplaced, shared  # noqa: E402

CANNOT_START = 3  # engine.errors.Exit.RUN_FAILED, where the engine cannot be imported


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command of genlab and return its exit code."""
    beginning.begin()
    wrong = misplaced()
    if wrong:
        return _cannot(wrong[0].sentence, wrong[0].hint)
    try:
        from engine.leaving import leave
        from lab.cli.main import main as command
    except Exception as error:
        overwritten = shared()
        if overwritten:
            return _cannot(overwritten[0].sentence, overwritten[0].hint)
        return _cannot(f"{type(error).__name__}: {error}", "Install genlab and what it needs anew: pipx install genlab, or make setup.")
    code = beginning.INTERRUPTED
    try:
        beginning.command_begins()
        code = command(argv)
    except KeyboardInterrupt:
        code = beginning.INTERRUPTED
    finally:
        beginning.command_ended(code)
    return leave(code)


def _cannot(sentence: str, hint: str) -> int:
    print(f"genlab: cannot start: {sentence}\n  {hint}", file=sys.stderr)
    return CANNOT_START


if __name__ == "__main__":
    sys.exit(main())
