"""A paper that a phenomenon rests on, in parts: what `genlab info` lists, the notes show and `genlab cite` writes as BibTeX."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """One paper. What is not known is empty.

    key: what it is cited by. authors: given names first ("Mikhail Belkin"); year: of the version that is named.
    journal, volume, pages: of an article; venue: of proceedings. With neither, it is a preprint.
    """

    key: str
    title: str
    authors: tuple[str, ...] = ()
    year: int = 0
    venue: str = ""
    journal: str = ""
    volume: str = ""
    pages: str = ""
    arxiv: str = ""
    doi: str = ""

    @classmethod
    def of(cls, given: Reference | str) -> Reference:
        """A reference as it is, or one of which only a line of text is known."""
        if isinstance(given, Reference):
            return given
        return cls(re.sub(r"[^a-z0-9]+", "-", given.lower()).strip("-") or "reference", given)

    @property
    def surnames(self) -> str:
        """`Belkin, Hsu, Xu`."""
        return ", ".join(surname(author) for author in self.authors)

    def __str__(self) -> str:
        """The paper in one line."""
        who = " ".join(filter(None, (self.surnames, f"{self.year}" if self.year else "")))
        where = f"{self.journal} {self.volume}".strip() or self.venue
        number = f"arXiv:{self.arxiv}" if self.arxiv else f"doi:{self.doi}" if self.doi else ""
        return ", ".join(filter(None, (who, self.title, where, number)))


PARTICLES = ("van", "von", "der", "de", "la")


def surname(author: str) -> str:
    """The last name with what belongs to it: `van der Schaar`."""
    words = author.split()
    place = next((index for index, word in enumerate(words) if index and word.lower() in PARTICLES), len(words) - 1)
    return " ".join(words[place:])
