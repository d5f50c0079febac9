"""What is true: phenomena, theory, training, the runner thread and the run store. Knows no screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.outcome import Outcome, run

__all__ = ["Outcome", "run"]


def __getattr__(name: str) -> Any:
    """Load `engine.run` when it is first asked for: everything else in this package imports this module."""
    if name in __all__:
        from engine import outcome

        return getattr(outcome, name)
    raise AttributeError(f"module 'engine' has no attribute {name!r}")
