"""What computes the points of a sweep, seen from the sweep: processes of this machine, or the workers of a Dask cluster."""

from __future__ import annotations

import queue
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Job = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Answer:
    """What a worker says of a point: the run that it has become, or how that ended.

    code: its exit code, None while it goes on; below zero, the number of the signal that killed the worker.
    again: whether a worker that was killed had begun it.
    """

    index: int
    run: str = ""
    code: int | None = None
    sentence: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    again: bool = False

    @property
    def killed(self) -> bool:
        """Whether its worker was killed."""
        return self.code is not None and self.code < 0


class Workers(Protocol):
    """So many workers at once, and one queue of what becomes of the points."""

    answers: queue.SimpleQueue[Answer]

    @property
    def stopped(self) -> bool:
        """Whether no job is begun any more: somebody stopped them, or they are out of reach."""

    @property
    def problem(self) -> str:
        """Why they are out of reach, as a sentence; empty where they are not."""

    @property
    def count(self) -> int:
        """How many there are now."""

    @property
    def retries(self) -> int:
        """How many times the sweep hands a point out again whose worker was killed."""

    @property
    def idle(self) -> bool:
        """Whether nobody has anything to do, and nothing is left to be read."""

    def put(self, job: Job) -> None:
        """Queue points that are computed together."""

    def stop(self) -> None:
        """Begin no job any more, and ask those at work to save themselves."""

    def close(self) -> None:
        """Wait for those at work, and let them go."""
