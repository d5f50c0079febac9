"""A run that lies on the machine of a Dask worker: its files are asked for piece by piece, each checked when it comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.errors import LabError, StoreError
from lab.running import dask_task
from lab.running.parcels import unpacked


class Elsewhere:
    """A run on a worker's machine (`travelling.Source`).

    Raises:
        StoreError: every method, where the worker is gone or cannot read it.
    """

    def __init__(self, client: Any, worker: str, sweep: str, run: str) -> None:
        self._client, self._worker, self._about = client, worker, (sweep, run)

    def sizes(self) -> dict[str, int]:
        """The bytes of each of its files."""
        record, _ = self._asked(dask_task.listed)
        return {str(name): int(size) for name, size in record["files"]}

    def piece(self, name: str, start: int, length: int) -> bytes:
        """A piece of one of them."""
        _, files = self._asked(dask_task.piece, name, start, length)
        return files[name]

    def forget(self) -> None:
        """Delete it there."""
        self._asked(dask_task.forget)

    def _asked(self, function: Callable[..., bytes], *args: Any) -> tuple[dict[str, Any], dict[str, bytes]]:
        again = "run the same command again"
        try:
            said = self._client.run(function, *self._about, *args, workers=[self._worker])[self._worker]
        except Exception as error:
            if self._client.status != "running":
                raise
            raise StoreError(f"the worker at {self._worker} that has its run is gone", again) from error
        try:
            record, files = unpacked(said)
        except LabError as error:
            raise StoreError(error.message, again) from error
        if record.get("problem"):
            raise StoreError(f"its run cannot be fetched from {self._worker}: {record['problem']}", again)
        return record, files
