"""What of papers anybody may see: as much of an abstract as its source allows, and whom to thank."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from digest.app import SAMPLE, App, attributions
from digest.letter.paper import notes_of, paper
from digest.letter.plain import plain
from digest.letter.view import Extent, Paper
from digest.letter.words import Words
from digest.model import ItemText, LetterPick, Pick, Popularity
from digest.sources import KINDS

_EXTENTS = {"full": Extent.WHOLE, "excerpt": Extent.EXCERPT, "none": Extent.TITLE}


class Public:
    """Papers as public pages print them. What a source does not allow, or is no longer known to, is not printed."""

    def __init__(self, app: App) -> None:
        self._words: Words = app.templates.words
        self._extents = {
            source.name: _EXTENTS[KINDS[source.kind].public_abstract]
            for source in app.config.sources
            if source.kind in KINDS
        }
        self._thanks = attributions(app.config.sources)
        self.samples = frozenset(source.name for source in app.config.sources if source.kind == SAMPLE)
        #: sources whose papers no page shows: made-up ones, where letters are mailed
        self.hidden_sources = self.samples if app.transport == "smtp" else frozenset[str]()

    def paper(self, one: LetterPick, *, is_short: bool = False) -> Paper:
        """A paper with its marks and without a reason; `is_short` asks for the beginning of its abstract at most."""
        allowed = self.extent(one.text)
        extent = min(allowed, Extent.EXCERPT) if is_short else allowed
        printed = paper(0, replace(one, text=plain(one.text)), self._words, extent, None)
        return replace(printed, reason=None, notes=notes_of(one.text, "", self._words, is_miss=False))

    def extent(self, text: ItemText) -> Extent:
        """How much of the abstract may be shown; of a source that is not configured any more, the beginning."""
        return self._extents.get(text.source, Extent.EXCERPT)

    def thanks(self, sources: Iterable[str]) -> list[str]:
        """The sentences that these sources ask for, each once."""
        named = sorted(set(sources) & self._thanks.keys())
        return list(dict.fromkeys(self._thanks[source] for source in named))


def listed(text: ItemText, upvotes: int) -> LetterPick:
    """A paper that is there for no reason of anybody's."""
    pick = Pick(item=text.item, revision=text.revision, score=0)
    return LetterPick(pick=pick, text=text, popularity=Popularity(upvotes))
