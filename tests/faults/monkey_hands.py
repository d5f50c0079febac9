"""What a monkey does to a terminal: keys, mouse events, pastes, sequences that no terminal sends, and sizes; all from one random stream."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass

from screens.key_lists import card_keys
from screens.keys import KEYS
from tests.lab.pty_terminal import KEYS as CODES

SIZES = ((80, 24), (160, 48), (60, 15), (120, 30), (59, 15), (60, 14), (200, 60), (1, 1), (2, 1), (1, 40), (300, 4))
USABLE = 4  # the first so many; a monkey that mostly sees one sentence finds little
MOVES = tuple(CODES.values())
FURTHER = (
    "\x1b[H",
    "\x1b[F",
    "\x1b[2~",
    "\x1b[3~",
    "\x1bOP",
    "\x1b[15~",
    "\x1b[1;5C",
    "\x1b[1;2A",
    "\x1b[I",
    "\x1b[O",
    "\x1b[Z",
    "\x1bx",
    "\x1b8",
)
GARBAGE = (
    "\x1b[", "\x1bO", "\x1b[999999999999u", "\x1b[<0;", "\x1b[M", "\x1b[?", "\x1b[1;9999999999999R", "\x1b[201~", "\x1b[0;0;0u", "\x1b]0;",
    "\x1bP",
    "\x00", "\x7f\x7f", "\x9b", "\x1b[<64;99999999;1M", "\x1b[<-1;-1;-1M", "\x1b[1114112u", "\x1b[97;5:3u", "\x1b[200;200H", "\x1b[:;:u",
)  # fmt: skip
BROKEN = (b"\xff\xfe", b"\xc3", b"\xe2\x82", b"\xed\xa0\x80", b"\xf0\x9f\x98")  # what is no UTF-8, or is cut off
PASTES = ("0.5", "1e9", "-3", "ctrl", "many words of text", "[bold]x[/]", "line\rline", "\u4e2d\u6587", "[/", "n" * 3000)


@dataclass(frozen=True)
class Burst:
    """What is done at once: bytes in one write, or a new size; `actions` counts keys, events, pastes and sizes."""

    data: bytes
    size: tuple[int, int] | None
    actions: int


class Hands:
    """The hands of the monkey of a seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._size = SIZES[0]

    def burst(self, most: int) -> Burst:
        """Return what is done next, at most so many actions."""
        chance = self._chance
        if chance.random() < 0.03:
            usable = self._size in SIZES[:USABLE] and chance.random() < 0.4
            self._size = chance.choice(SIZES if usable else SIZES[:USABLE])
            if usable and chance.random() < 0.3:
                self._size = (chance.randint(1, 250), chance.randint(1, 70))
            return Burst(b"", self._size, 1)
        parts: list[bytes] = []
        for _ in range(min(most, chance.choice((1, 1, 2, 3, 5, 8, 12)))):
            parts += self._action()
        return Burst(b"".join(parts), None, len(parts))

    def _action(self) -> list[bytes]:
        kinds = (
            (self._bound, 40), (self._letter, 10), (self._move, 18), (self._mouse, 14), (self._palette, 3), (self._knob, 4),
            (self._opened, 4), (self._pasted, 2), (self._control, 2), (self._strange, 3),
        )  # fmt: skip
        (kind,) = self._chance.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])
        return [part if isinstance(part, bytes) else part.encode() for part in kind()]

    def _bound(self) -> list[str]:
        key = self._chance.choice(self._chance.choice(KEYS).keys.split(","))
        return [CODES.get(key) or ("\x0c" if key == "ctrl+l" else key)]

    def _letter(self) -> list[str]:
        return [self._chance.choice(string.printable[:95])]

    def _move(self) -> list[str]:
        return [self._chance.choice(MOVES if self._chance.random() < 0.8 else FURTHER)] * self._chance.choice((1, 1, 1, 2, 3))

    def _palette(self) -> list[str]:
        words = self._chance.choice(["", "o", "show", "preset", "zzz", "pin", "home", "Open d", "\x1b[B" * self._chance.randint(1, 9)])
        return [
            "\x10",
            *([words] if words else []),
            *["\r"] * self._chance.choice((0, 1, 2, 2, 3)),
            *["\x1b"] * self._chance.choice((0, 1)),
        ]

    def _knob(self) -> list[str]:
        number = self._chance.choice(["0", "1", "7", "30", ".5", "-1", "1e3", "", "0.", "99999999999", "3,4", "--"])
        return [
            "k",
            *["\x1b[B"] * self._chance.randint(0, 8),
            *([number] if number else []),
            self._chance.choice(["\r", "\x1b", "\t", "\r\r"]),
        ]

    def _opened(self) -> list[str]:
        return ["\x1b", self._chance.choice(card_keys()[:11]), *["\t"] * self._chance.choice((0, 1, 2))]

    def _pasted(self) -> list[str]:
        return [f"\x1b[200~{self._chance.choice(PASTES)}\x1b[201~"]

    def _control(self) -> list[str]:
        return [chr(self._chance.randint(1, 31))]

    def _strange(self) -> list[str | bytes]:
        return [self._chance.choice([*GARBAGE, *BROKEN])]

    def _mouse(self) -> list[str]:
        width, height = self._size
        x, y = self._chance.randint(1, width + 3), self._chance.randint(1, height + 3)
        kind = self._chance.random()
        if kind < 0.5:
            button = self._chance.choice((0, 0, 0, 1, 2))
            return [f"\x1b[<{button};{x};{y}M", f"\x1b[<{button};{x};{y}m"] * self._chance.choice((1, 1, 2))
        if kind < 0.65:
            return [
                f"\x1b[<0;{x};{y}M",
                f"\x1b[<32;{max(1, x - 3)};{y}M",
                f"\x1b[<32;{x};{max(1, y - 2)}M",
                f"\x1b[<0;{x};{max(1, y - 2)}m",
            ]
        if kind < 0.85:
            return [f"\x1b[<{64 + self._chance.randint(0, 3)};{x};{y}M"] * self._chance.randint(1, 4)
        return [f"\x1b[<{35 + self._chance.choice((0, 4, 8, 16))};{x};{y}M"]
