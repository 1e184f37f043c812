"""What interests would have picked: the same as letters, counted as by hand, and bounded whatever is asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.items.keys import title_key
from digest.matching.compose import compose
from digest.matching.grammar import understand
from digest.model import Digest, Entry, Interest, Profile, Sign, Strictness
from digest.pipeline.preview import editions_between
from digest.pipeline.shelf import Shelf
from digest.pipeline.spelling import Spelling, edits
from digest.pipeline.trial import MOST_LINES, Doubt, Trial, TrialLine
from digest.pipeline.trials import DAYS, SHOWN, Trials
from digest.store.connect import Database
from tests.world import CURATED, PLAIN, World

TOPICS = ("kites", "ropes", "boats", "learning", "theory")
NEWEST = date(2026, 8, 17)
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def paper(number: int, topics: Collection[str]) -> Entry:
    """A paper that says nothing but its topics."""
    words = " and ".join(topics)
    return World.paper(
        f"paper {number}",
        title=f"On {words or 'nothing'}, part {number}",
        abstract=f"We look at {words}. Of {words} there is more to say." if topics else "",
        authors=("Ada Kite" if number % 3 else "Bo Sail",),
    )


def announce(world: World, day: date, papers: Iterable[Entry]) -> None:
    """An edition of a day; the newest is the last that was announced."""
    world.now = datetime.fromisoformat(f"{day}T06:00:00+00:00")
    world.list(*papers, day=day)


class Library:
    """Forty days of papers on random topics; on many days there is none, on some there are two editions."""

    def __init__(self, database: Database, seed: int = 1) -> None:
        self.world = World(database)
        self.announced: list[tuple[date, int, frozenset[str]]] = []  #: day, number and topics of each paper
        chance = Random(seed)
        for ago in range(40, -1, -1):
            for _ in range(chance.choice([0, 0, 1, 2]) if ago else 1):
                self.add(NEWEST - timedelta(days=ago), [chance.sample(TOPICS, chance.randint(0, 3)) for _ in range(4)])

    def add(self, day: date, papers: Iterable[Collection[str]]) -> None:
        """An edition of papers on these topics."""
        first = len(self.announced)
        self.announced += [(day, number, frozenset(topics)) for number, topics in enumerate(papers, first)]
        announce(self.world, day, [paper(number, topics) for _, number, topics in self.announced[first:]])

    @property
    def month(self) -> list[tuple[date, int, frozenset[str]]]:
        """The papers of the last thirty days."""
        return [each for each in self.announced if each[0] > NEWEST - timedelta(days=DAYS)]

    @property
    def days(self) -> list[date]:
        """The days that are shown."""
        return sorted({day for day, _, _ in self.announced})[-SHOWN:]

    @property
    def week(self) -> list[tuple[date, int, frozenset[str]]]:
        """The papers of the days that are shown."""
        return [each for each in self.announced if each[0] in self.days]

    @property
    def title_of_last(self) -> str:
        return paper(*self.announced[-1][1:]).title

    def trials(self) -> Trials:
        return Trials(self.world.database)

    def letters(self, profile: Profile, interests: Iterable[Interest]) -> list[Digest]:
        """The letters of the days shown, composed one after the other."""
        named: set[int] = set()
        letters = []
        with self.world.database.read() as connection:
            for day in self.days:
                shelf = Shelf(self.world.items)
                editions = editions_between(connection, self.world.items, shelf, first=day, last=day)
                letters.append(compose(profile, list(interests), editions, named))
                named |= {pick.item for pick in letters[-1].picks}
        return letters

    def item(self, number: int) -> int:
        """The item that a paper has become."""
        [entry] = [paper(number, topics) for _, at, topics in self.announced if at == number]
        with self.world.database.read() as connection:
            item = self.world.items.find(connection, title_key(entry.title))
        assert item is not None
        return item


def line(trial: Trial, phrase: str) -> TrialLine:
    [found] = [each for each in trial.lines if each.text == phrase]
    return found


# --- the letters --------------------------------------------------------------------------------------------------

TEXTS = ["kites\nropes ^2", "learning theory\n-boats", "kites\n!ropes", "-kites", "author: Bo Sail", 'title: "kites"']


def test_picks_are_those_of_the_letters(database: Database) -> None:
    library = Library(database)
    trials = library.trials()
    for text in TEXTS:
        profile = Profile(interests=text, max_items=3)
        trial = trials.of(profile)
        letters = library.letters(profile, understand(text).interests)
        assert [each.pick for each in trial.picks] == list(letters[-1].picks)
        assert [each.picked for each in trial.days] == [len(letter.picks) for letter in letters]
        assert trial.picked == sum(len(letter.picks) for letter in letters)
        assert [each.day for each in trial.days] == library.days


@only_sqlite
def test_a_pick_comes_with_its_words(database: Database) -> None:
    library = Library(database)
    library.add(NEWEST, [["kites"]])
    trial = library.trials().of(Profile(interests="kites\n"))
    with database.read() as connection:
        texts = library.world.items.newest_texts(connection, [each.pick.item for each in trial.picks])
    assert trial.picks
    assert [each.text for each in trial.picks] == [texts[each.pick.item] for each in trial.picks]
    assert all(each.pick.matches for each in trial.picks)


def test_a_work_that_is_announced_again_is_picked_once(database: Database) -> None:
    world = World(database)
    announce(world, NEWEST - timedelta(days=1), [])
    world.list("kite 1", source=PLAIN, day=NEWEST - timedelta(days=1))
    world.list("kite 1", "kite 2", source=CURATED, day=NEWEST)
    trial = Trials(database).of(Profile(interests="kites\n"))
    assert [(each.considered, each.picked) for each in trial.days] == [(1, 1), (2, 1)]
    assert (trial.considered, trial.picked) == (2, 2)


@only_sqlite
def test_the_volume_is_that_of_letters_without_end(database: Database) -> None:
    library = Library(database)
    trials = library.trials()
    for text in TEXTS:
        told = trials.of(Profile(interests=text, max_items=1)).a_day
        for strictness in Strictness:
            endless = Profile(interests=text, max_items=100, strictness=strictness)
            letters = library.letters(endless, understand(text).interests)
            assert told[strictness] == sum(len(letter.picks) for letter in letters) / SHOWN


@only_sqlite
def test_each_strictness_has_its_line(database: Database) -> None:
    trials = Library(database).trials()
    assert trials.of(Profile(interests="kites\n")).thresholds == {
        Strictness.STRICT: 60,
        Strictness.NORMAL: 42,
        Strictness.BROAD: 33,
    }
    assert set(trials.of(Profile(interests="category: cs\n")).thresholds.values()) == {0}


# --- the lines ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_a_line_is_counted_as_by_hand(database: Database, seed: int) -> None:
    library = Library(database, seed)
    trial = library.trials().of(Profile(interests="".join(f"{topic}\n!{topic}\n" for topic in TOPICS)))
    assert len(trial.lines) == 2 * len(TOPICS)
    for each in trial.lines:
        having = [day for day, _, topics in library.month if each.text in topics]
        assert (each.month, each.week) == (len(having), sum(day in library.days for day in having))
        assert each.share == len(having) / len(library.month)
    by_bo = line(library.trials().of(Profile(interests="author: Bo Sail\n")), "Bo Sail")
    assert by_bo.month == sum(number % 3 == 0 for _, number, _ in library.month)
    assert trial.considered == len(library.week) == sum(each.considered for each in trial.days)


@only_sqlite
@pytest.mark.parametrize("sign", ["-", "!"])
def test_a_lowering_line_tells_how_many_picks_it_moves(database: Database, sign: str) -> None:
    library = Library(database)
    library.add(NEWEST, [["kites", "ropes"], ["kites", "boats"], ["kites", "boats", "ropes"]])
    profile = Profile(interests=f"kites\n{sign}ropes\n-boats\n", max_items=5)
    trial = library.trials().of(profile)
    raising = [each for each in understand(profile.interests).interests if each.sign is Sign.MORE]
    picked = {pick.item for letter in library.letters(profile, raising) for pick in letter.picks}
    for topic in ("ropes", "boats"):
        moved = [number for _, number, topics in library.week if topic in topics and library.item(number) in picked]
        assert line(trial, topic).moved == len(moved) > 0
    assert line(trial, "kites").moved == 0


@only_sqlite
def test_a_quoted_line_counts_what_has_its_words_in_a_row(database: Database) -> None:
    world = World(database)
    titles = ["The Schrödinger bridge", "Bridge of Schrodinger", "Schrödinger bridges", "Schroedinger", "A bridge"]
    announce(world, NEWEST, [World.paper(title, title=title, abstract="It's the bridge.") for title in titles])
    texts = [
        '"schrödinger bridge"',
        '"Schrodinger BRIDGES"',
        'title: "the bridge"',
        '"the bridge"',
        '-"bridge of"',
        '"it"',
        '"of the"',
    ]
    trial = Trials(database).of(Profile(interests="\n".join(texts)))
    assert [each.month for each in trial.lines] == [1, 1, 0, 5, 1, 5, 0]  # "it's" is folded to "it"


@only_sqlite
def test_weight_does_not_change_what_a_line_fits(database: Database) -> None:
    trial = Library(database).trials().of(Profile(interests="kites ^0.1\nropes\nKites ^5\n"))
    light, _, heavy = trial.lines
    assert (light.month, light.week) == (heavy.month, heavy.week)
    assert light.month > 0
    assert light.interest
    assert light.interest.weight == 0.1


@only_sqlite
def test_lines_stand_as_typed_with_the_reasons_of_those_not_understood(database: Database) -> None:
    text = 'Flying:\nkites ^2\n\nabs: ropes\n"boats\ntheory\n'
    trial = Library(database).trials().of(Profile(interests=text))
    assert [(each.number, each.text) for each in trial.lines] == [
        (2, "kites"),
        (4, "abs: ropes"),
        (5, '"boats'),
        (6, "theory"),
    ]
    assert {each.line: each.reason for each in understand(text).problems} == {
        each.number: each.problem for each in trial.lines if each.problem
    }
    first = trial.lines[0].interest
    assert first
    assert (first.topic, first.weight) == ("Flying", 2)


@only_sqlite
def test_what_fits_most_papers_is_doubted(database: Database) -> None:
    world = World(database)
    announce(world, NEWEST, [paper(number, ["kites"] if number < 4 else []) for number in range(10)])
    trials = Trials(database)
    assert line(trials.of(Profile(interests="-kites\n")), "kites").doubt is Doubt.MOST
    announce(world, NEWEST + timedelta(days=1), [paper(10, [])])
    assert line(trials.of(Profile(interests="kites\n")), "kites").doubt is None


@only_sqlite
def test_what_no_paper_has_is_doubted_and_a_near_word_offered(database: Database) -> None:
    library = Library(database)
    library.add(NEWEST, [["learning theory"]])
    trial = library.trials().of(
        Profile(interests='lerning theory\ntitle: bosts ^2\n-"ropse"\nzebras\nkites\nauthor: Bo\n')
    )
    offered = {each.text: each.suggestion and each.suggestion.phrase for each in trial.lines if each.doubt}
    assert offered == {
        "lerning theory": "learning theory",
        "bosts": "boats",
        "ropse": "ropes",
        "zebras": None,
        "Bo": None,
    }
    assert {each.doubt for each in trial.lines if each.text in offered} == {Doubt.NOTHING}
    again = library.trials().of(Profile(interests="learning theory\ntitle: boats\n-ropes\n"))
    counts = {each.suggestion.phrase: each.suggestion.month for each in trial.lines if each.suggestion}
    assert counts == {each.text: each.month for each in again.lines}


@only_sqlite
def test_words_that_occur_but_not_together_are_not_mended(database: Database) -> None:
    library = Library(database)
    nothing = line(
        library.trials().of(Profile(interests='"theory kites learning boats"\n')), "theory kites learning boats"
    )
    assert (nothing.doubt, nothing.suggestion) == (Doubt.NOTHING, None)


# --- spelling -----------------------------------------------------------------------------------------------------

WORDS = {"learning": 9, "leaning": 1, "diffusion": 4, "graph": 3, "grape": 8, "conformal": 2, "schrödinger": 1}
SPELLING = Spelling(WORDS, {"theori"})
letters = st.sampled_from("abcdefghijklmnopqrstuvwxyz")


@st.composite
def slips(draw: st.DrawFn) -> tuple[str, str]:
    """A word, and the same with one letter too few, too many, wrong, or swapped with the next."""
    word = draw(st.sampled_from([word for word in WORDS if len(word) > 4]))
    at = draw(st.integers(0, len(word) - 1))
    before, after = word[:at], word[at + 1 :]
    slip = draw(
        st.sampled_from([before + after, word[:at] + draw(letters) + word[at:], before + draw(letters) + after])
    )
    return word, draw(st.sampled_from([slip, before + after[:1] + word[at] + after[1:]]))


@given(slips())
def test_one_letter_wrong_is_found(slip: tuple[str, str]) -> None:
    word, wrong = slip
    assert edits(wrong, word) <= 1
    meant = SPELLING.nearest(wrong)
    assert meant
    assert edits(wrong, meant) <= 1
    assert WORDS[meant] >= WORDS[word]


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_edits_are_as_many_back_as_forth(one: str, other: str) -> None:
    assert edits(one, other) == edits(other, one) >= abs(len(one) - len(other))
    assert (edits(one, other) == 0) == (one == other)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("lerning theory", "learning theory"),
        ("Difusoin theory", "diffusion theory"),  # two edits in a long word
        ("grapf", "grape"),  # graph is as near, and less frequent
        ("gaprh", None),  # two edits in a short one
        ("grp", None),
        ("theory", None),
        ("lerning difusion confromal", None),  # three unknown words are no slip
        ("lerning zzzzzz", None),
    ],
)
def test_unknown_words_are_mended(wrong: str, meant: str | None) -> None:
    assert SPELLING.mend(wrong) == meant


# --- what is asked, and what is kept ------------------------------------------------------------------------------


def test_before_the_first_edition_there_is_nothing_to_show(database: Database) -> None:
    trial = Trials(database).of(Profile(interests="kites\nabs: ropes\n"))
    assert (trial.days, trial.picks, trial.considered, set(trial.a_day.values())) == ((), (), 0, {0.0})
    kites, ropes = trial.lines
    assert (kites.month, kites.doubt) == (0, None)
    assert ropes.problem


@only_sqlite
def test_an_empty_text_picks_nothing(database: Database) -> None:
    library = Library(database)
    for text in ("", "\n \n", "# kites\n"):
        trial = library.trials().of(Profile(interests=text))
        assert (trial.lines, trial.picks, trial.picked) == ((), (), 0)
        assert trial.considered == len(library.week)


@only_sqlite
def test_a_huge_text_is_cut(database: Database) -> None:
    trials = Library(database).trials()
    rows = "".join(f"word{number}\n\n" for number in range(10_000))
    for text, number in ((rows, 2 * MOST_LINES + 1), (", ".join(rows.split()), 1)):
        trial = trials.of(Profile(interests=text))
        *tried, refused = trial.lines
        assert [each.text for each in tried] == [f"word{number}" for number in range(MOST_LINES)]
        assert (refused.text, refused.number, refused.doubt) == (f"word{MOST_LINES}", number, Doubt.TOO_MANY)
        assert refused.interest is None


def test_a_new_edition_counts_at_once_and_old_ones_are_forgotten(database: Database) -> None:
    library = Library(database)
    trials, profile = library.trials(), Profile(interests="yachts\n")
    assert line(trials.of(profile), "yachts").month == 0
    library.add(NEWEST, [["yachts"]])
    trial = trials.of(profile)
    assert (line(trial, "yachts").month, [each.text.title for each in trial.picks]) == (1, [library.title_of_last])
    assert len({each.day for each in trials.editions.values()}) == len({day for day, _, _ in library.month})
    library.add(NEWEST + timedelta(days=DAYS), [["kites"]])
    assert line(trials.of(profile), "yachts").month == 0
    assert [each.day for each in trials.editions.values()] == [NEWEST + timedelta(days=DAYS)]


@only_sqlite
def test_what_was_asked_is_forgotten_in_time(database: Database) -> None:
    world = World(database)
    world.list("kite 1", day=NEWEST)
    trials, most = Trials(database), 0
    for first in range(0, 6_000, MOST_LINES):
        trials.of(Profile(interests="".join(f"word{number}\n" for number in range(first, first + MOST_LINES))))
        most = max(most, len(trials.month.scores.table.starts))
    assert len(trials.month.scores.table.starts) < most < 5_000


def test_hidden_sources_are_left_out(database: Database) -> None:
    world = World(database)
    world.list("kite 1", source=PLAIN, day=NEWEST - timedelta(days=1))
    shown = Trials(database, hidden_sources=[CURATED.name])
    world.list("kite 2", source=CURATED, day=NEWEST)
    trial = shown.of(Profile(interests="kites\n"))
    assert [each.day for each in trial.days] == [NEWEST - timedelta(days=1)]
    assert (trial.considered, line(trial, "kites").month) == (1, 1)
    assert Trials(database, hidden_sources=[CURATED.name, PLAIN.name]).of(Profile(interests="kites\n")).days == ()


def test_several_threads_get_what_each_would_get_alone(database: Database) -> None:
    library = Library(database)
    asked = [Profile(interests=f"{one}\n-{other}\n{one} {other}\n") for one in TOPICS for other in TOPICS] * 2
    by_one, shared = library.trials(), library.trials()
    alone = [by_one.of(profile) for profile in asked]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(shared.of, asked)) == alone
