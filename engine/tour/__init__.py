"""The tour: a textbook page on generalization as stops that ask before they show. Stops are data; they are run by `lab.tour`."""

from engine.contract.tour import Stop
from engine.errors import UsageError, echoed, nearest
from engine.tour import beyond, capacity, double_descent, linear_models, margins, networks

STOPS: tuple[Stop, ...] = (
    *capacity.STOPS, *linear_models.STOPS, *double_descent.STOPS, *networks.STOPS, *beyond.STOPS, *margins.STOPS,
)  # fmt: skip


def find_stop(text: str) -> int:
    """Return the place of a stop, from its number (counted from 1) or its name.

    Raises:
        UsageError: there is no such stop.
    """
    names = [stop.name for stop in STOPS]
    if text in names:
        return names.index(text)
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= len(STOPS) and len(text) < 9:
        return int(text) - 1
    hint = f"stops: 1 to {len(STOPS)}, or {', '.join(names)}"
    raise UsageError(f"no stop {echoed(text)!r}{nearest(text, names)}", hint)
