"""Curves that were pinned, and what they are called beside the present ones: by the knobs in which the two runs differ."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract import Config, Series, Snapshot
from screens import formatting
from screens.run_names import MOST_KNOBS, differing, with_knobs


@dataclass(frozen=True)
class Pinned:
    """A snapshot whose curves are kept; config: what knows how its knobs are written."""

    snapshot: Snapshot
    config: type[Config]

    @property
    def series(self) -> tuple[Series, ...]:
        """The curves."""
        return self.snapshot.series

    def label(self, present: Snapshot) -> str:
        """Return `pinned: lr .1, seed 3`, or where nothing differs `pinned: step 200`."""
        was = self.snapshot
        knobs = with_knobs(was, differing(self.config, (was, present)))
        if was.seeds != present.seeds:
            knobs.append(formatting.seeds(was.seeds))
        if not knobs:
            return f"pinned: {was.unit} {was.step:,}"
        more = f", +{len(knobs) - MOST_KNOBS}" if len(knobs) > MOST_KNOBS else ""
        return "pinned: " + ", ".join(knobs[:MOST_KNOBS]) + more
