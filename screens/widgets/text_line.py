"""A line to type into that edits in the order of the keys, however many come at once."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

EDITS = {
    "backspace": "delete_left", "delete": "delete_right", "left": "cursor_left", "right": "cursor_right", "home": "home", "end": "end",
}  # fmt: skip


class TextLine(Input):
    """An `Input` whose editing keys take effect where they are typed.

    Textual runs them as bindings, which go the long way through the app: of keys that come together, as a slow line or
    a busy machine sends them, letters overtake a backspace, which then takes away the wrong one.
    """

    def on_key(self, event: events.Key) -> None:
        """Edit at once; every other key goes its usual way."""
        edit = EDITS.get(event.key)
        if edit is not None:
            event.stop()
            event.prevent_default()
            getattr(self, f"action_{edit}")()
