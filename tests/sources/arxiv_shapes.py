"""Invented papers in every form in which arXiv lists them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from html import escape
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

DAY = date(2026, 11, 20)  # a Friday
NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A paper as one announcement names it."""

    id: str = "2611.00001"
    version: int = 1
    title: str = "Counting $a<b$ sheep"
    abstract: str = "We count sheep & goats. There are $n \\leq 7$."
    authors: tuple[str, ...] = ("Ada Example", "Bob Van Sample")
    categories: tuple[str, ...] = ("cs.LG", "stat.ML")
    type: str = "new"

    @property
    def submitted(self) -> datetime:
        return datetime(2026, 11, 18, 17, int(self.id[-2:]) % 60, tzinfo=UTC)


def batch(*types: str) -> list[Paper]:
    """Papers of these announcement types, numbered on."""
    return [
        Paper(id=f"2611.{number:05}", type=kind, title=f"Paper {number}", version=2 if "replace" in kind else 1)
        for number, kind in enumerate(types, start=1)
    ]


TYPES = ("new", "cross", "replace", "replace-cross")
LETTERS = st.text("abcXYZ019 ,.:;-$\\{}^_<>&'\"éł漢", min_size=1, max_size=40)
LINES = LETTERS.map(lambda text: " ".join(text.split())).filter(lambda text: any(map(str.isalnum, text)))
NAMES = st.from_regex(r"[A-Z][a-zé]{1,8} [A-Z][a-z'-]{1,8}", fullmatch=True).filter(lambda name: " and " not in name)


@st.composite
def batches(draw: st.DrawFn, *, types: Sequence[str] = TYPES[:3]) -> list[Paper]:
    """A day's papers in the order of a listing: new ones first, then cross-lists, then replacements."""
    ids = draw(st.lists(st.integers(1, 99_999), unique=True, max_size=8))
    papers = [
        Paper(
            id=f"2611.{number:05}",
            title=f"{draw(LINES)} {number}",  # papers of one title and first author are one work
            abstract=draw(LINES),
            authors=tuple(draw(st.lists(NAMES, min_size=1, max_size=4))),
            type=draw(st.sampled_from(types)),
        )
        for number in ids
    ]
    return sorted(papers, key=lambda paper: TYPES.index(paper.type))


# --- feeds --------------------------------------------------------------------------------------------------------

_SPACES = 'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'


def rss(papers: Sequence[Paper], day: date = DAY) -> bytes:
    printed = f"{datetime.combine(day, time(), NEW_YORK):%a, %d %b %Y %H:%M:%S %z}"
    items = "".join(
        f"<item><title>{escape(one.title)}</title><link>https://arxiv.org/abs/{one.id}</link>"
        f"<description>{_description(one)}</description>"
        f'<guid isPermaLink="false">oai:arXiv.org:{one.id}v{one.version}</guid>'
        + "".join(f"<category>{term}</category>" for term in one.categories)
        + f"<pubDate>{printed}</pubDate>{_marks(one)}</item>\n"
        for one in papers
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss {_SPACES} version="2.0"><channel>'
        f"<title>cs.LG updates on arXiv.org</title><link>http://rss.arxiv.org/rss/cs.LG</link>"
        f"<lastBuildDate>{printed}</lastBuildDate><pubDate>{printed}</pubDate>"
        f"<skipDays><day>Saturday</day><day>Sunday</day></skipDays>{items}</channel></rss>\n"
    ).encode()


def atom(papers: Sequence[Paper], day: date = DAY) -> bytes:
    midnight = datetime.combine(day, time(), NEW_YORK)
    entries = "".join(
        f"<entry><id>oai:arXiv.org:{one.id}v{one.version}</id><title>{escape(one.title)}</title>"
        f'<link href="https://arxiv.org/abs/{one.id}" rel="alternate"/><summary>{_description(one)}</summary>'
        + "".join(f'<category term="{term}"/>' for term in one.categories)
        + f"<published>{midnight.isoformat()}</published>{_marks(one)}</entry>\n"
        for one in papers
    )
    built = (midnight + timedelta(seconds=19)).astimezone(UTC)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<feed {_SPACES} xmlns="http://www.w3.org/2005/Atom">'
        f"<id>http://rss.arxiv.org/atom/cs.LG</id><updated>{built.isoformat()}</updated>{entries}</feed>"
    ).encode()


def _description(one: Paper) -> str:
    text = f"arXiv:{one.id}v{one.version} Announce Type: {one.type} \nAbstract: {one.abstract}"
    return escape(text)


def _marks(one: Paper) -> str:
    people = escape(", ".join(one.authors))
    return f"<arxiv:announce_type>{one.type}</arxiv:announce_type><dc:creator>{people}</dc:creator>"


# --- the API ------------------------------------------------------------------------------------------------------


def answer(papers: Sequence[Paper], *, total: int | None = None, start: int = 0, size: int = 200) -> bytes:
    """A page of an answer; `total` counts what was found in all."""
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/{one.id}v{one.version}</id><title>{escape(one.title)}</title>"
        f'<link href="https://arxiv.org/abs/{one.id}v{one.version}" rel="alternate"/>'
        f"<summary>  {escape(one.abstract)}\n</summary>"
        + "".join(f'<category term="{term}"/>' for term in one.categories)
        + f"<published>{one.submitted:%Y-%m-%dT%H:%M:%SZ}</published>"
        + f'<arxiv:primary_category term="{one.categories[0]}"/>'
        + "".join(f"<author><name>{escape(name)}</name></author>" for name in one.authors)
        + "</entry>"
        for one in papers
    )
    return envelope(entries, total=len(papers) if total is None else total, start=start, size=size)


def envelope(entries: str, *, total: object, start: object = 0, size: object = 200) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
        f' {_SPACES} xmlns="http://www.w3.org/2005/Atom"><id>https://arxiv.org/api/x</id>'
        f"<opensearch:itemsPerPage>{size}</opensearch:itemsPerPage>"
        f"<opensearch:totalResults>{total}</opensearch:totalResults>"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>{entries}</feed>"
    ).encode()


REFUSAL = (
    "<entry><id>https://arxiv.org/api/errors#x</id><title>Error</title><summary>incorrect id format</summary></entry>"
)

# --- list pages ---------------------------------------------------------------------------------------------------

HEADINGS = {"new": "New submissions", "cross": "Cross submissions", "replace": "Replacement submissions"}


def new_page(papers: Sequence[Paper], day: date = DAY) -> bytes:
    """/list/cs.LG/new: a section for each type that occurs."""
    sections = []
    for kind, heading in HEADINGS.items():
        rows = [one for one in papers if one.type == kind]
        if rows:
            sections.append(section(f"{heading} (showing {len(rows)} of {len(rows)} entries)", rows))
    body = "".join(sections) or "<p>No updates today.</p>"
    return list_page(f"<h3>Showing new listings for {day:%A}, {day.day} {day:%B %Y}</h3>", body, total=len(papers))


def list_page(top: str, body: str, *, total: int, links: str = "") -> bytes:
    paging = f"<div class='paging'>Total of {total} entries {links}</div>" if total else ""
    return (
        "<!DOCTYPE html>\n<html lang='en'><head><title>Machine Learning</title></head><body>"
        f"<a href='https://arxiv.org/'>arXiv</a><div id='dlpage'>{top}{paging}{body}{paging}</div></body></html>"
    ).encode()


def section(heading: str, papers: Sequence[Paper]) -> str:
    return f"<dl id='articles'><h3>{heading}</h3>{''.join(map(list_row, papers))}</dl>"


def list_row(one: Paper) -> str:
    mark = {"cross": f"(cross-list from {one.categories[0]})", "replace": "(replaced)"}.get(one.type, "")
    people = ", ".join(f'<a href="https://arxiv.org/search/?query=x">{escape(name)}</a>' for name in one.authors)
    subjects = "; ".join(f"A Subject ({term})" for term in one.categories)
    return (
        f'<dt><a name=\'item1\'>[1]</a><a href ="/abs/{one.id}" title="Abstract" id="{one.id}">\n arXiv:{one.id}\n</a>'
        f"{mark} [<a href=\"/pdf/{one.id}\">pdf</a>]</dt><dd><div class='meta'>"
        f"<div class='list-title mathjax'><span class='descriptor'>Title:</span>\n  {escape(one.title)}\n</div>"
        f"<div class='list-authors'>{people}</div>"
        f"<div class='list-subjects'><span class='descriptor'>Subjects:</span><span>{subjects}</span></div>"
        f"<p class='mathjax'>\n {escape(one.abstract)}\n</p></div></dd>\n"
    )


# --- mailings -----------------------------------------------------------------------------------------------------

RULE = "-" * 78


def mailing(papers: Sequence[Paper], day: date = DAY) -> bytes:
    """A mailing: replacements after their own rule, without abstracts."""
    first = [one for one in papers if "replace" not in one.type]
    again = [one for one in papers if "replace" in one.type]
    head = f"Date: {day:%a, %d %b %y} 01:36:02 GMT\nSubject: cs daily Subj-class mailing\n\n{RULE}\n"
    head += f"received from  Wed 18 Nov 26 19:00:00 GMT  to  Thu 19 Nov 26 19:00:00 GMT\n{RULE}\n"
    items = "".join(mail_item(one) + RULE + "\n" for one in first)
    replaced = f"{'%%--' * 19}%%\n{RULE}\n" + "".join(mail_item(one) + RULE + "\n" for one in again) if again else ""
    return f"{head}{items}{replaced}{'%%%---' * 13}\n".encode()


def mail_item(one: Paper) -> str:
    date_line = f"{one.submitted:%a, %d %b %Y %H:%M:%S} GMT   (14kb,D)"
    is_replaced = "replace" in one.type
    mark = " (*cross-listing*)" if one.type == "cross" else ""
    dated = f"replaced with revised version {date_line}" if is_replaced else f"Date: {date_line}"
    fields = [f"Title: {one.title}", f"Authors: {' and '.join(one.authors)}", f"Categories: {' '.join(one.categories)}"]
    header = "\n".join(map(wrapped, fields))
    abstract = "" if is_replaced else f"\\\\\n  {one.abstract}\n"
    end = f"\\\\ ( https://arxiv.org/abs/{one.id} ,  14kb)\n"
    return f"\\\\\narXiv:{one.id}{mark}\n{dated}\n\n{header}\n{abstract}{end}"


def wrapped(line: str) -> str:
    """A field as the mailing breaks it: lines of at most 79 characters, two spaces before all but the first."""
    lines, rest = [], line.split()
    current = rest.pop(0)
    for word in rest:
        if len(current) + 1 + len(word) > 79:
            lines.append(current)
            current = f"  {word}"
        else:
            current += f" {word}"
    return "\n".join([*lines, current])
