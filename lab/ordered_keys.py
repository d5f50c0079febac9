"""The app as far as it heeds keys: each one, with all that it brings about, before the next."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

from textual import events
from textual.dom import DOMNode

from lab.surviving import SurvivingApp

PATIENCE = 2.0  # seconds after which the next key no longer waits for one that a part of the app holds up


class OrderedKeysApp(SurvivingApp, inherit_bindings=False):
    """Holds a key back until the one before has been heeded.

    Textual sends every key to what has the keyboard at the time it is read. What a key does may come much later: an edit goes up through
    the screen to the app, which looks for its binding, and a new focus is one more message behind that. Of keys that come together, as a
    fast typist, a slow line or a busy machine sends them, letters would then overtake the enter that ends a line, and the backspace
    before them.

    Attributes:
        heeding: the key that is being heeded, if one is.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._held: deque[events.Key] = deque()
        self.heeding: events.Key | None = None
        self._patience: asyncio.TimerHandle | None = None

    async def on_event(self, event: events.Event) -> None:
        """Heed a key at once, or hold it back; everything else goes its usual way."""
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self.heeding is not None:
            self._held.append(event)
        else:
            await self._heed(event)

    async def _heed(self, event: events.Key) -> None:
        way = list((self.focused or self.screen).ancestors_with_self)
        self.heeding = event
        self._patience = asyncio.get_running_loop().call_later(PATIENCE, self._go_on, event)
        try:
            await super().on_event(event)
        finally:
            self._follow(event, [*way, *way])  # up to the app, which acts; then what the action sends the same way, up to a new focus

    def _follow(self, event: events.Key, way: Sequence[DOMNode]) -> None:
        """Go up behind a key: a message to each part stands behind what the key made the part before send."""
        for place, part in enumerate(way):
            if part.call_later(self._follow, event, way[place + 1 :]):
                return
        self._go_on(event)

    def _go_on(self, event: events.Key) -> None:
        """Heed the next key, once."""
        if self.heeding is not event:
            return
        self.heeding = None
        if self._patience is not None:
            self._patience.cancel()
        if self._held:
            self.heeding = self._held.popleft()
            self.call_later(self._heed, self.heeding)
