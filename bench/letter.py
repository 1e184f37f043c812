"""What a letter costs: twenty picks as complete message bytes, beside the two ways in which one would first do it.

    python bench/letter.py [--quick]

A hundred invented papers, and readers who each have another twenty of them: by their own interests, with their own
marks, points, order, sections, address and token. All three ways make the same letter from the same data and the same
templates, with all its links and headers:

- ours: `Press.typeset`, as transports get it. Papers are rendered on the way, once each.
- textbook: MJML compiled once; for each reader HTML and text rendered by Jinja with autoescape, then `EmailMessage`,
  both parts quoted-printable, `as_bytes()`.
- naive: for each reader the MJML is filled in by Jinja, compiled to HTML, and stripped to text by BeautifulSoup over
  lxml; then `EmailMessage` as above.

Prints a table, and as its last line one JSON object: us_per_message (CPU time), ratio_textbook, ratio_naive, html_bytes
(of the largest letter, decoded).
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from bs4 import BeautifulSoup
from jinja2 import Environment, FileSystemLoader
from mjml import mjml2html
from ruamel.yaml import YAML

from digest.collector import rare_collection
from digest.letter.fit import forms
from digest.letter.layout import lay_out
from digest.letter.press import Press
from digest.letter.reference import Reference
from digest.letter.templates import Templates, shipped_folder
from digest.letter.view import View
from digest.model import Field, ItemText, Letter, LetterPick, Mark, Match, Pick, Sender, Site

SITE = Site(
    name="Daily Papers",
    url="https://papers.example.org",
    postal_address="Example Lab, 12 Quay Street, Galway, Ireland",
    contact="owner@example.org",
)
SENDER = Sender(name="Daily Papers", address="digest@example.org")
DAY, WRITTEN = date(2026, 11, 20), datetime(2026, 11, 20, 6, 45, tzinfo=UTC)
PAPERS, PHRASES, PICKS = 100, 300, 20


class World:
    """Papers and readers, the same for the same seed."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)  # noqa: S311 - nothing here is secret
        syllables = [a + b for a in "bdfgklmnprstv" for b in ("a", "e", "i", "o", "u", "an", "er", "is", "on")]
        self.words = ["".join(self.random.choices(syllables, k=self.random.randint(1, 4))) for _ in range(2_000)]
        self.phrases = [" ".join(self.random.sample(self.words, self.random.randint(1, 3))) for _ in range(PHRASES)]
        self.fame = [1 / rank for rank in range(1, PHRASES + 1)]  # Zipf: a few phrases are everybody's
        self.use = [rank**-0.5 for rank in range(1, PHRASES + 1)]  # flatter: the first is in three papers of ten
        self.papers = [self.paper(number) for number in range(1, PAPERS + 1)]
        self.matches: dict[tuple[int, str, int], Match] = {}  # readers share reasons, as the ledger unpacks them

    def paper(self, number: int) -> tuple[ItemText, list[str]]:
        """A paper, and the phrases that occur in it."""
        phrases = list(dict.fromkeys(self.random.choices(self.phrases, self.use, k=12)))
        said = [*phrases, *self.random.choices(self.words, k=self.random.randint(110, 170))]
        self.random.shuffle(said)
        sentences = [" ".join(said[at : at + 16]).capitalize() + "." for at in range(0, len(said), 16)]
        title = f"{phrases[0].title()}: {' '.join(self.random.choices(self.words, k=7)).title()}"
        names = [" ".join(self.random.sample(self.words, 2)).title() for _ in range(self.random.randint(1, 8))]
        text = ItemText(
            item=number,
            revision=1,
            title=title,
            abstract=" ".join(sentences),
            authors=tuple(names),
            categories=("cs.LG", "stat.ML"),
            url=f"https://arxiv.org/abs/2611.{number:05}",
            code_url=f"https://code.example.org/{number}" if number % 3 == 0 else None,
            source="arxiv",
        )
        return text, phrases

    def letter(self, number: int) -> Letter:
        """A reader's letter: the papers that fit their ten interests best, in two topics."""
        interests = {
            phrase: self.random.choice((1, 1, 1, 1, 2)) for phrase in self.random.choices(self.phrases, self.fame, k=10)
        }
        scored = [
            self.pick(text, [p for p in phrases if p in interests] or phrases[-1:], interests)
            for text, phrases in self.papers
        ]
        best = sorted(scored, key=lambda pick: -pick.pick.score)[:PICKS]
        return Letter(
            recipient=f"reader.{number}@example.org",
            day=DAY,
            picks=tuple(sorted(best, key=lambda pick: str(pick.pick.topic))),
            considered=612,
            attributions=(
                "Thank you to arXiv for use of its open access interoperability.",
                "Not affiliated with arXiv.",
            ),
            token="".join(
                self.random.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", k=32)
            ),
        )

    def pick(self, text: ItemText, phrases: Sequence[str], weights: dict[str, int]) -> LetterPick:
        """The paper with its three best reasons and those that speak against it."""
        found = [self.match(text, phrase, weights.get(phrase, 1)) for phrase in phrases]
        best = sorted(found, key=lambda match: -match.points)
        matches = tuple(match for match in best if match in best[:3] or match.points < 0)
        score = sum(match.points for match in matches)
        topic = self.random.choice(("Graph learning", "Trust"))
        return LetterPick(pick=Pick(item=text.item, revision=1, score=score, matches=matches, topic=topic), text=text)

    def match(self, text: ItemText, phrase: str, weight: int) -> Match:
        """A reason, marked where the phrase first stands; one in twenty speaks against the paper."""
        sign = -1 if self.random.random() < 0.05 else 1
        points = sign * weight * (20 + (len(phrase) * 7 + text.item * 13) % 60)
        key = (text.item, phrase, points)
        if key not in self.matches:
            self.matches[key] = self.new_match(text, phrase, points)
        return self.matches[key]

    def new_match(self, text: ItemText, phrase: str, points: int) -> Match:
        """A reason that nobody had yet."""
        field, where = (Field.TITLE, text.title) if phrase.title() in text.title else (Field.ABSTRACT, text.abstract)
        at = max(where.lower().find(phrase), 0)
        mark = Mark(field=field, start=at, end=at + len(phrase))
        return Match(interest=phrase, field=field, points=points, words=tuple(phrase.split()), mark=mark)


class Peers:
    """The two other ways."""

    def __init__(self) -> None:
        self.templates = Templates()
        self.reference = Reference(SITE, self.templates)
        folder = shipped_folder()
        colours = YAML(typ="safe").load(folder / "colours.yaml")
        environment = Environment(
            loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        environment.globals |= {"say": self.templates.words.say, "logo": None, **colours}
        source = (folder / "letter.mjml.j2").read_text(encoding="utf-8")
        head = (folder / "head.mjml.j2").read_text(encoding="utf-8")
        self.mjml = environment.from_string(source.replace('<mj-include path="head.mjml.j2" />', head))

    def textbook(self, letter: Letter, subject: str, message_id: str) -> bytes:
        """Compiled templates filled in by Jinja."""
        view = self.view(letter)
        return self.message(letter, subject, self.templates.html(view, subject), self.templates.text(view), message_id)

    def naive(self, letter: Letter, subject: str, message_id: str) -> bytes:
        """Everything anew."""
        view = self.view(letter)
        rows = self.templates.html_part("rows", view)
        html = mjml2html(self.mjml.render(view=view, subject=subject, rows=rows), fonts={})
        text = BeautifulSoup(html, "lxml").get_text("\n", strip=True)
        return self.message(letter, subject, html, text, message_id)

    def view(self, letter: Letter) -> View:
        """What the letter says, in its fullest form."""
        return lay_out(letter, SITE, self.templates.words, next(forms(len(letter.picks), 0)))

    def message(self, letter: Letter, subject: str, html: str, text: str, message_id: str) -> bytes:
        """The message as the standard library writes it."""
        said = {"sender": SENDER, "message_id": message_id, "date": WRITTEN}
        return self.reference.message(letter, subject, html, text, **said).as_bytes()


def cpu_us(make: Callable[[Letter, str, str], bytes], letters: Sequence[Letter], press: Press) -> float:
    """CPU time for one message with its subject, in microseconds, with the collector as it is while letters leave."""
    with rare_collection():
        started = time.process_time()
        for at, letter in enumerate(letters):
            make(letter, press.subject(letter), f"<{at}.1@example.org>")
        return (time.process_time() - started) / len(letters) * 1e6


def main() -> None:
    is_quick = "--quick" in sys.argv
    world, press, peers = World(), Press(SITE, SENDER), Peers()
    letters = [world.letter(number) for number in range(1_000 if is_quick else 4_000)]

    def ours(letter: Letter, subject: str, message_id: str) -> bytes:
        return press.typeset(
            letter, subject=subject, message_id=message_id, date=WRITTEN, envelope_from="bounce@example.org"
        ).data

    ways = {"ours": (ours, len(letters)), "textbook": (peers.textbook, 40), "naive": (peers.naive, 20)}
    ours_first = cpu_us(ours, letters[:200], press)
    runs: dict[str, list[float]] = {name: [] for name in ways}
    for at in range(5):
        for name, (make, count) in ways.items():
            some = letters[at * count % len(letters) :][:count]
            runs[name].append(cpu_us(make, some, press))
    figures = {name: statistics.median(values) for name, values in runs.items()}
    print(f"{'way':12}{'us':>10}{'times ours':>12}   medians of 5")
    for name, value in figures.items():
        print(f"{name:12}{value:10.1f}{value / figures['ours']:12.1f}")
    print(f"the first 200 letters of a morning, {PAPERS} papers to be rendered among them: {ours_first:.0f} us each")
    unseen = [world.letter(len(letters) + number) for number in range(len(letters) // 4)]
    print(
        f"{len(unseen)} letters that were not set before, as every real one: {cpu_us(ours, unseen, press):.0f} us each"
    )
    sizes = [press.typeset(one, message_id="<a@example.org>", date=WRITTEN, envelope_from="") for one in letters[:100]]
    print(
        json.dumps(
            {
                "us_per_message": round(figures["ours"], 1),
                "ratio_textbook": round(figures["textbook"] / figures["ours"], 1),
                "ratio_naive": round(figures["naive"] / figures["ours"], 1),
                "html_bytes": max(len(one.html.encode()) for one in sizes),
            }
        )
    )


if __name__ == "__main__":
    main()
