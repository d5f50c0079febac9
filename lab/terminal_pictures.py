"""Pictures in a terminal: whether it speaks Kitty's graphics protocol or sixel, how it is asked, and a PNG in either's words.

Kitty's protocol (sw.kovidgoyal.net/kitty/graphics-protocol) takes a PNG as it is; for sixel (DEC VT340) textual-image
encodes it, an extra that nothing else needs.
"""

from __future__ import annotations

import base64
import fcntl
import io
import struct
import termios
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.errors import LabError, UsageError
from lab.terminal_answers import Answer

Protocol = Literal["kitty", "sixel", ""]

ATTRIBUTES = "\x1b[c"  # DA1: answered by every terminal, and last
CELL = "\x1b[16t"  # how many pixels a character has
KITTY = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"  # one pixel, to be looked at and forgotten
FORGET = "\x1b_Ga=d,d=A,q=2\x1b\\"
SIXEL = "4"  # among the answers to DA1
USUAL_CELL = (10, 20)  # pixels across and down, of a VT340 and near many others
PIECE = 4096  # bytes of base64 that Kitty takes at once
UNKNOWING = ("dumb", "linux", "unknown", "")  # values of TERM; of TERM_PROGRAM, what shows the question as text:
SHOWING = ("Apple_Terminal",)


@dataclass(frozen=True)
class Ability:
    """What the terminal can do with pictures: the protocol, or none; pixels of a character, across and down."""

    protocol: Protocol = ""
    cell: tuple[int, int] = USUAL_CELL


def question(environ: Mapping[str, str]) -> str:
    """Return what asks the terminal; nothing where it is better not asked. Within tmux and screen only for what these show themselves."""
    if environ.get("TERM", "") in UNKNOWING or environ.get("TERM_PROGRAM") in SHOWING:
        return ""
    within = environ.get("TMUX") or environ.get("STY") or environ.get("TERM", "").startswith(("tmux", "screen"))
    return ("" if within else KITTY) + CELL + ATTRIBUTES


def ability(answers: list[Answer]) -> Ability:
    """Return what the answers say."""
    said = {answer.about: answer.said for answer in answers}
    down, _, across = said.get("cell", "").partition(";")
    cell = (int(across), int(down)) if 0 < int(across or 0) < 1000 and 0 < int(down or 0) < 1000 else USUAL_CELL
    if said.get("graphics", "").endswith(";OK"):
        return Ability("kitty", cell)
    return Ability("sixel" if SIXEL in said.get("attributes", "").split(";") else "", cell)


def cell_of(descriptor: int) -> tuple[int, int] | None:
    """Return the pixels of a character, across and down, as the system knows them; None where it does not."""
    try:
        rows, columns, width, height = struct.unpack("HHHH", fcntl.ioctl(descriptor, termios.TIOCGWINSZ, bytes(8)))
    except OSError:
        return None
    return (width // columns, height // rows) if columns and rows and width >= columns and height >= rows else None


def fitted(png: bytes, columns: int, rows: int, cell: tuple[int, int]) -> tuple[int, int]:
    """Return how many columns and rows a picture takes that keeps its shape and fits.

    Raises:
        LabError: this is no PNG.
    """
    if png[:8] != b"\x89PNG\r\n\x1a\n" or len(png) < 24:
        raise LabError("the picture that was drawn is no PNG", "See: genlab doctor")
    width, height = struct.unpack(">II", png[16:24])
    scale = min(columns * cell[0] / width, rows * cell[1] / height)
    return max(1, int(width * scale / cell[0])), max(1, int(height * scale / cell[1]))


def in_kitty(png: bytes, columns: int, rows: int) -> str:
    """Return what shows a PNG at the cursor, in so many columns and rows, and leaves the cursor there."""
    text = base64.standard_b64encode(png).decode()
    pieces = [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
    control = f"a=T,f=100,q=2,C=1,c={columns},r={rows},"
    out = []
    for place, piece in enumerate(pieces):
        out.append(f"\x1b_G{'' if place else control}m={int(place < len(pieces) - 1)};{piece}\x1b\\")
    return "".join(out)


def in_sixel(png: bytes, columns: int, rows: int, cell: tuple[int, int]) -> str:
    """Return what shows a PNG at the cursor, in so many columns and rows.

    Raises:
        UsageError: textual-image is not installed.
    """
    try:
        from PIL import Image
        from textual_image._sixel import SixelOptions, image_to_sixels  # its public modules question the terminal when imported
    except ImportError:
        raise UsageError("sixel needs textual-image", "pip install 'genlab[pictures]'") from None
    with Image.open(io.BytesIO(png)) as image:
        drawn = image.convert("RGB").resize((columns * cell[0], rows * cell[1]), Image.Resampling.LANCZOS)
    encoded: str | bytes = image_to_sixels(drawn, SixelOptions())
    return encoded.decode() if isinstance(encoded, bytes) else encoded
