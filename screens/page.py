"""Pages over another screen, such as help and the palette: closed once, however often and from wherever that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.await_complete import AwaitComplete

if TYPE_CHECKING:
    from textual.screen import Screen

    Base = Screen[None]
else:
    Base = object  # Textual takes the styles of a screen from its first base that is one: that shall be the kind of page


class Page(Base):
    """What makes a screen leave those below it alone; stands before it among the bases.

    Textual's `dismiss` takes away whatever screen is the topmost one: a key that repeats, or comes while this page is
    already closed or covered, would close the screen below or find none.

    carries_pages: whether other pages may be opened over this one.
    """

    carries_pages: ClassVar[bool] = False

    @property
    def is_topmost(self) -> bool:
        """Whether no screen lies over this one, and it is open at all."""
        return self.is_attached and self.app.screen is self

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close the page if it is open."""
        return super().dismiss(result) if self.is_topmost else AwaitComplete()
