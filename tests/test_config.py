"""config.yaml: what it may say, what each mistake is answered with, and that its page of documentation is true."""

import re
import subprocess
import sys
from contextlib import suppress
from datetime import time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from digest.config import MAX_BYTES, load, smtp_password, starter_text
from digest.config.schema import keys
from digest.errors import ConfigError, UsageError
from digest.model import Profile, QuietDays, Selectors, Sender, Site, Source, Strictness

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "config.yaml"
LEAST = """\
site: {name: Papers, contact: owner@example.org}
sender: {name: Papers, address: digest@example.org}
sources: [{name: daily, kind: huggingface}]
"""


def read(text, folder, **options):
    path = folder / "config.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(path, **options)


def mistakes(text, folder, **options):
    """The mistakes of a text, without the name of the file."""
    with pytest.raises(ConfigError) as caught:
        read(text, folder, **options)
    name = f"{folder / 'config.yaml'}:"
    assert all(line.startswith(name) for line in caught.value.mistakes)
    return [line.removeprefix(name) for line in caught.value.mistakes]


def no_carets(text):
    """A grammar in which a line must not begin with a caret."""
    return [(number, f"{line} has no weight") for number, line in enumerate(text.splitlines(), 1) if line[:1] == "^"]


# --- a good file --------------------------------------------------------------------------------------------------


def test_the_least_file_has_every_default(tmp_path):
    config = read(LEAST, tmp_path)
    assert config.path == tmp_path / "config.yaml"
    assert config.site == Site(
        name="Papers", url="http://127.0.0.1:8000", postal_address="", contact="owner@example.org"
    )
    assert config.sender == Sender(name="Papers", address="digest@example.org")
    assert config.sources == (Source(name="daily", kind="huggingface"),)
    assert config.profile == Profile()
    assert config.subscribers == ()
    assert config.store == f"sqlite:///{tmp_path}/var/digest.db"
    assert config.fetch.every == timedelta(hours=2) and config.fetch.max_bytes == 20_000_000
    assert config.digest.catch_up == timedelta(days=14) and config.digest.wait_for_sources == timedelta(hours=2)
    assert config.delivery.transport == "files" and config.delivery.files.path == tmp_path / "out"
    assert config.delivery.smtp.rate == ((20, timedelta(seconds=1)),) and config.delivery.smtp.tls == "none"


def test_every_kind_of_value(tmp_path):
    config = read(
        """\
site: {name: " Daily\\u00a0 Papers", url: "https://digest.example.org/", postal_address: "1 Road", contact: o@x.test}
sender: {name: Zoë, address: D@EXAMPLE.ORG, reply_to: r@example.org}
store: postgresql://digest@db.example.org/digest
sources:
  - {name: a, kind: huggingface, url: "http://127.0.0.1:9000/papers"}
  - {name: b, kind: folder, path: listings/*.html}
  - {name: c, kind: folder, path: /var/listings/*}
  - {name: d, kind: sample}
digest: {send_at: 6:05, timezone: Asia/Kathmandu, days: [mon, thu], max_items: 5, strictness: strict,
         quiet_days: trending, trending: 0, wait_for_sources: 0m, language: pt-BR}
fetch: {allow_private: [10.0.0.0/8, intranet.example.org, "::1"]}
delivery:
  transport: smtp
  smtp: {host: mail.example.org, port: 587, username: digest, rate: 1800/h, on_unknown: hold}
templates: /srv/templates
subscribers:
  - {email: bob@example.org, days: daily, interests: graph nets}
  - email: Ada@Example.org
    timezone: UTC
    send_at: "23:59"
    days: sun
    max_items: 1
    strictness: broad
    quiet_days: letter
    trending: 20
    language: en
""",
        tmp_path,
    )
    assert config.site.name == "Daily Papers" and config.site.url == "https://digest.example.org"
    assert config.sender == Sender(name="Zoë", address="D@example.org", reply_to="r@example.org")
    assert config.store == "postgresql://digest@db.example.org/digest"
    assert [source.path for source in config.sources] == [None, f"{tmp_path}/listings/*.html", "/var/listings/*", None]
    assert config.delivery.smtp.tls == "starttls" and config.delivery.smtp.rate == ((1800, timedelta(hours=1)),)
    assert config.fetch.allow_private == ("10.0.0.0/8", "intranet.example.org", "::1/128")
    assert config.templates == Path("/srv/templates")
    shared = Profile(
        timezone="Asia/Kathmandu",
        send_at=time(6, 5),
        days=frozenset({0, 3}),
        max_items=5,
        strictness=Strictness.STRICT,
        quiet_days=QuietDays.TRENDING,
        trending=0,
        language="pt-BR",
    )
    own = Profile(
        timezone="UTC",
        send_at=time(23, 59),
        days=frozenset({6}),
        max_items=1,
        strictness=Strictness.BROAD,
        quiet_days=QuietDays.LETTER,
        trending=20,
        language="en",
    )
    assert config.profile == shared
    (bob, bobs), (ada, adas) = config.subscribers
    assert (bob, bobs.days, bobs.interests, bobs.timezone) == (
        "bob@example.org",
        frozenset(range(7)),
        "graph nets",
        shared.timezone,
    )
    assert (ada, adas) == ("Ada@example.org", own)


def test_relative_places_are_beside_the_file_wherever_we_are(tmp_path, monkeypatch):
    folder = tmp_path / "odd [name]"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    (folder / "config.yaml").write_text(LEAST.replace("kind: huggingface", "kind: folder, path: in/*"))
    config = load(Path("odd [name]/config.yaml"))
    (folder / "in").mkdir()
    (folder / "in" / "listing.html").write_text("")
    assert list(Path("/").glob(config.sources[0].path.lstrip("/"))) == [folder / "in" / "listing.html"]
    assert config.delivery.files.path == folder / "out"
    assert config.store == f"sqlite:///{folder}/var/digest.db"


@pytest.mark.parametrize("block", ["digest:", "delivery:\n  smtp:", "subscribers:", "fetch: # all defaults"])
def test_a_block_whose_keys_are_all_commented_out(block, tmp_path):
    assert read(LEAST + block + "\n", tmp_path) == read(LEAST, tmp_path)


@pytest.mark.parametrize(
    ("host", "written", "meant"),
    [
        ("localhost", "null", "none"),
        ("127.0.0.2", "none", "none"),
        ('"[::1]"', "none", "none"),
        ("localhost", "starttls", "starttls"),
        ("mail.example.org", "null", "starttls"),
        ("localhost.example.org", "null", "starttls"),
        ("192.0.2.1", "implicit", "implicit"),
    ],
)
def test_tls_by_host(host, written, meant, tmp_path):
    config = read(LEAST + f"delivery: {{smtp: {{tls: {written}, host: {host}}}}}\n", tmp_path)
    assert config.delivery.smtp.tls == meant


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b"# caf\xc3\xa9\r\n", b"---\n", b"%YAML 1.2\n---\n"])
def test_harmless_beginnings(start, tmp_path):
    assert read(start + LEAST.encode(), tmp_path) == read(LEAST, tmp_path)


def test_words_of_older_yaml_are_text(tmp_path):
    config = read(LEAST.replace("name: daily", "name: no"), tmp_path)
    assert config.sources[0].name == "no"


def test_a_few_anchors_do_no_harm(tmp_path):
    readers = "subscribers:\n- {email: a@example.org, days: &days [mon]}\n- {email: b@example.org, days: *days}\n"
    assert {profile.days for _, profile in read(LEAST + readers, tmp_path).subscribers} == {frozenset({0})}


# --- interests ----------------------------------------------------------------------------------------------------


def interests_of(block, folder):
    ((_, profile),) = read(f"{LEAST}subscribers:\n- email: a@example.org\n  interests:{block}\n", folder).subscribers
    return profile


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (
            " |\n    graph nets\n    -medical imaging\n\n    diffusion ^2",
            "graph nets\n-medical imaging\n\ndiffusion ^2",
        ),
        (' |\n    Graphs:\n    author: "Yann LeCun"', 'Graphs:\nauthor: "Yann LeCun"'),
        (" graph nets", "graph nets"),
        ('\n  - graph nets\n  - "!crypto"\n  - -medical imaging', "graph nets\n!crypto\n-medical imaging"),
        ('\n  - author: "Yann LeCun"\n  - category: cs.CL # mine', 'author: "Yann LeCun"\ncategory: cs.CL'),
        ("\n  - 2024\n  - 1.50\n  - 0x1F\n  - 2026-11-21\n  - no", "2024\n1.50\n0x1F\n2026-11-21\nno"),
        ("\n  - Graph learning:\n  - nets", "Graph learning:\nnets"),
        (" [a, b: c]", "a\nb: c"),
        (" 3", "3"),
        ("", ""),
        (" []", ""),
    ],
)
def test_interests_as_block_text_or_list(written, text, tmp_path):
    assert interests_of(written, tmp_path).interests.rstrip("\n") == text


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (" a, b", "a, b"),
        (" [a, b]", "a\nb\n"),
        ("\n  - a, b", "a, b\n"),
        (" |\n    a, b", "a, b\n"),
        (" |-\n    a, b", "a, b\n"),
    ],
)
def test_only_a_line_beside_its_key_has_no_end(written, text, tmp_path):
    assert interests_of(written, tmp_path).interests == text


READERS = LEAST + "subscribers:\n- email: a@example.org\n"  # the next line is line 6


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        ("  interests: |\n    ok\n    ^one\n\n    ^two\n", [8, 10]),
        ("  interests: |-\n\n    ^one", [8]),
        ("  interests: |2\n     indented\n    ^one", [8]),
        ("  interests:\n  # a note\n  - ok\n\n  - ^one\n  - |\n    ok\n    ^two\n", [10, 13]),
        ("  interests: [ok, ^one,\n    ^two]\n", [6, 7]),
        ("  interests: ^one\n", [6]),
        ('  interests: "ok\\n^one"\n', [6]),
    ],
)
def test_a_bad_interest_is_told_with_its_own_line(written, lines, tmp_path):
    found = mistakes(READERS + written, tmp_path, check_interests=no_carets)
    words = ["^one", "^two"]
    assert found == [
        f"{line}: subscribers[0].interests: {word} has no weight" for line, word in zip(lines, words, strict=False)
    ]


@pytest.mark.parametrize(
    "item", ["true", "~", "", "[a, b]", "{a: b, c: d}", "!crypto", "\n      - nested", "a:\n      b: c"]
)
def test_a_list_item_that_may_mean_several_things_has_to_be_quoted(item, tmp_path):
    (found,) = mistakes(READERS + f"  interests:\n    - ok\n    - {item}\n", tmp_path)
    line, key, text = found.split(": ", 2)
    assert int(line) in (8, 9) and key == "subscribers[0].interests[1]"
    assert text.endswith("quote it")


@pytest.mark.parametrize("written", [">\n    a\n    b", "a\n    b", '"a\n    b"', "\n    a\n    b", "{a: b}"])
def test_interests_that_yaml_would_join(written, tmp_path):
    (found,) = mistakes(READERS + f"  interests: {written}\n", tmp_path)
    assert re.match(r"[67]: subscribers\[0\]\.interests: found .* list", found)


# --- mistakes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("digest: {send_at: 7.30}", 'digest.send_at: found 7.30, expected a time such as "07:30"'),
        ('digest: {send_at: "24:00"}', 'digest.send_at: found "24:00", expected a time such as "07:30"'),
        ("digset: {}", "digset: unknown key; did you mean digest?"),
        ("digest: {max_item: 3}", "digest.max_item: unknown key; did you mean max_items?"),
        ("max_items: 3", "max_items: unknown key; did you mean digest.max_items?"),
        ("xyzzy: 3", "xyzzy: unknown key"),
        ("digest: {max_items: 51}", "digest.max_items: found 51, expected a number of at most 50"),
        ("digest: {max_items: 0}", "digest.max_items: found 0, expected a number of at least 1"),
        ('digest: {max_items: "10"}', 'digest.max_items: found "10", expected a whole number'),
        ("digest: {max_items: true}", "digest.max_items: found true, expected a whole number"),
        ("digest: {max_items: 1.0}", "digest.max_items: found 1.0, expected a whole number"),
        ("digest: {max_items: }", "digest.max_items: found nothing, expected a whole number"),
        ("digest: {max_lateness: 0h}", "digest.max_lateness: found 0h, expected a length of time above zero"),
        ("digest: {catch_up: 99999d}", "digest.catch_up: found 99999d, expected at most 3650d"),
        ("digest: {strictness: hard}", "digest.strictness: found hard, expected 'strict', 'normal' or 'broad'"),
        ("digest: []", "digest: found [], expected a block of keys"),
        ("digest: on", "digest: found on, expected a block of keys"),
        ("fetch: {every: 30}", "fetch.every: found 30, expected a length of time such as 30s, 2h or 14d"),
        ("fetch: {max_bytes: 20}", "fetch.max_bytes: found 20, expected a size such as 500kB or 20MB"),
        ("delivery: {smtp: {rate: 0/s}}", "delivery.smtp.rate: found 0/s, expected a rate such as 20/s or 500/h"),
        ("delivery: {smtp: {port: 65536}}", "delivery.smtp.port: found 65536, expected a number of at most 65535"),
        ("delivery: {smtp: {password: x}}", "delivery.smtp.password: unknown key; did you mean password_file?"),
        ("delivery: {transport: ses}", "delivery.transport: found ses, expected 'files' or 'smtp'"),
        ("web: {trusted_proxies: [10.0.0.1/8]}", "an address or a network such as 10.0.0.0/8"),
        ("alerts: {ping: ftp://example.org}", "an address such as https://example.org/feed.xml"),
        ("inbound: {imap: https://example.org}", "imaps://digest@mail.example.org/INBOX"),
        ('store: "sqlite:///:memory:"', 'store: found "sqlite:///:memory:", expected sqlite:///FILE or postgresql'),
        ("store: mysql://me:secret@db/x", "store: found mysql://me:…@db/x, expected sqlite:///FILE or postgresql"),
        ("subscribers: [just]", "subscribers[0]: found just, expected a block of keys"),
        ("subscribers: {email: a@example.org}", "subscribers: found a block of keys, expected a list"),
        ("subscribers: [{email: ada}]", "subscribers[0].email: found ada, expected a mail address such as"),
        ("subscribers: [{days: mon}]", "subscribers[0].email: is missing"),
        ("subscribers: [{email: a@example.org, day: mon}]", "subscribers[0].day: unknown key; did you mean days?"),
        ("? [a, b]\n: c", "a key must be one word"),
        ("templates: !env X", "templates: found the YAML tag in !env X; quote it"),
        ("digest: {max_items: !env X}", "digest.max_items: found the YAML tag in !env X; quote it"),
        ("site: {name: Again}", "site: given twice; the first is on line 1"),
    ],
)
def test_a_mistake_is_told_with_line_key_and_what_is_right(line, answer, tmp_path):
    (found,) = mistakes(LEAST + "\n# a note\n" + line + "\n", tmp_path)
    assert found.startswith("6: ") and answer in found
    assert "secret" not in found


@pytest.mark.parametrize(
    ("zone", "hint"),
    [
        ("Europe/Berln", "Europe/Berlin"),
        ("Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("../etc/passwd", None),
        ("Europe", None),
    ],
)
def test_a_zone_is_known_or_its_neighbour_named(zone, hint, tmp_path):
    (found,) = mistakes(LEAST + f"digest: {{timezone: {zone}}}\n", tmp_path)
    assert found.startswith(f"4: digest.timezone: found {zone}, expected an IANA time zone")
    assert found.endswith(f"; did you mean {hint}?") if hint else True


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("{name: x, kind: arxivv}", "4: sources[1].kind: found arxivv, expected 'huggingface', 'arxiv', 'biorxiv'"),
        ("{name: x, kind: arxiv}", "4: sources[1].categories: is missing"),
        ("{name: x, kind: arxiv, categories: []}", "4: sources[1].categories: "),
        (
            "{name: x, kind: arxiv, categories: [cs LG]}",
            "4: sources[1].categories[0]: found cs LG, expected a category",
        ),
        ("{name: x, kind: pubmed}", "4: sources[1].query: is missing"),
        ("{name: x, kind: feed}", "4: sources[1].url: is missing"),
        (
            '{name: x, kind: webpage, url: "https://a.example", selectors: {item: "a[["}}',
            "4: sources[1].selectors.item: found",
        ),
        ("{name: x}", "4: sources[1].kind: is missing"),
        ("{kind: sample}", "4: sources[1].name: is missing"),
        ("{name: x, kind: folder}", "4: sources[1].path: is missing"),
        ("{name: x, kind: sample, path: y}", "4: sources[1].path: unknown key for a source of this kind"),
        ("{name: x, kind: huggingface, url: example.org}", "4: sources[1].url: found example.org, expected an address"),
        ("{name: daily, kind: sample}", "4: sources[1].name: daily is given twice; the first is on line 3"),
        (
            "{name: x, kind: sample}, {name: x, kind: sample}",
            "4: sources[2].name: x is given twice; the first is on line 4",
        ),
        ('{name: "", kind: sample}', '4: sources[1].name: found "", expected text that is not empty'),
        ("{name: 3, kind: sample}", "4: sources[1].name: found 3, expected text; quote it"),
    ],
)
def test_sources(source, answer, tmp_path):
    text = LEAST.replace("sources: [{name: daily, kind: huggingface}]", "sources: [{name: daily, kind: huggingface},")
    (found,) = mistakes(f"{text}  {source}]\n", tmp_path)
    assert found.startswith(answer)


@pytest.mark.parametrize("address", ["me@example.org", "me@EXAMPLE.ORG", " me@example.org "])
def test_an_address_is_given_once(address, tmp_path):
    readers = f"subscribers:\n- email: me@example.org\n- email: you@example.org\n- email: '{address}'\n"
    (found,) = mistakes(LEAST + readers, tmp_path)
    assert found.startswith("7: subscribers[2].email: ") and found.endswith("given twice; the first is on line 5")


@pytest.mark.parametrize("host", ["mail.example.org", "192.0.2.1", "localhost.example.org", "127.example.org"])
@pytest.mark.parametrize("order", ["host: {host}, tls: none", "tls: none, host: {host}"])
def test_clear_text_is_only_for_this_machine(order, host, tmp_path):
    (found,) = mistakes(LEAST + f"delivery:\n  smtp: {{{order.format(host=host)}}}\n", tmp_path)
    assert found.startswith("5: delivery.smtp.tls: found none, expected starttls or implicit")


def test_what_is_required(tmp_path):
    assert mistakes("", tmp_path) == ["1: site: is missing", "1: sender: is missing", "1: sources: is missing"]
    partial = "# note\nsite:\n  name: X\nsender: {}\nsources: []\n"
    assert mistakes(partial, tmp_path) == [
        "2: site.contact: is missing",
        "4: sender.name: is missing",
        "4: sender.address: is missing",
        "5: sources: found [], expected at least 1",
    ]


def test_all_mistakes_are_told_at_once_in_file_order(tmp_path):
    text = """\
digest:
  send_at: 7.30
  max_items: many
site: {name: X, contact: nobody}
sender: {name: X, address: d@example.org}
sources:
  - {name: a, kind: sample}
  - {name: a, kind: folder}
subscribers:
  - email: a@example.org
    interests: |
      ok
      ^bad
  - email: a@example.org
    timezone: Nowhere/Town
    interests: [true]
digset: 1
digest: {}
"""
    found = mistakes(text, tmp_path, check_interests=no_carets)
    assert [int(line.split(":")[0]) for line in found] == [2, 3, 4, 8, 8, 13, 14, 15, 16, 17, 18]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("a: 1\nb: [1, 2\n", "3: not valid YAML: "),
        ("site:\n\tname: x\n", "2: not valid YAML: a tab; indent with spaces"),
        ("a: 1\nb: c: d\n", "2: not valid YAML: a second colon"),
        ("a: 1\n---\nb: 2\n", "2: not valid YAML: "),
        ("a: 1\nb: *nobody\n", "2: not valid YAML: found undefined alias"),
        ("a: 1\nb: 'x\n", "3: not valid YAML: "),
        ("a: 1\nb: \x01\n", "2: not valid YAML: "),
        (b"a: 1\nb: \xff\n", "2: not UTF-8 text"),
        ("- a\n", "1: found a list, expected a block of keys"),
        ("just words", "1: found just words, expected a block of keys"),
        ("a: " + "[" * 30 + "]" * 30, "1: values are nested too deeply"),
        ("[" * 100_000, "1: blocks are nested too deeply"),
        ("a: &a [*a]\n", "1: values are nested too deeply"),
        ("a: 1\n" + "b: [" + "0," * 100_001 + "]\n", "2: values are too many, aliases included"),
    ],
)
def test_a_text_that_cannot_be_read(text, answer, tmp_path):
    (found,) = mistakes(text, tmp_path)
    assert found.startswith(answer)


def test_a_few_lines_of_aliases_do_not_become_billions_of_values(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 15)]
    (found,) = mistakes("\n".join(lines), tmp_path)
    assert "values are too many, aliases included" in found


def test_files_that_are_none(tmp_path):
    with pytest.raises(ConfigError, match="no such file; `digest init` writes one"):
        load(tmp_path / "config.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)
    (tmp_path / "large.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(ConfigError, match="larger than"):
        load(tmp_path / "large.yaml")


YAML_BITS = st.sampled_from([*"\n :-[]{}&*!|>'\"#%@,?~0a1.", "site", "sources", "digest", "  ", "- ", ": ", "\n  "])


@given(st.lists(YAML_BITS, max_size=40).map("".join) | st.text(), st.integers(0, len(LEAST)))
def test_any_text_is_read_or_its_mistakes_are_told(tmp_path_factory, noise, place):
    path = tmp_path_factory.getbasetemp() / "noise.yaml"
    path.write_text(LEAST[:place] + noise + LEAST[place:], encoding="utf-8", errors="surrogatepass")
    with suppress(ConfigError):
        assert load(path, check_interests=no_carets).sources


def test_a_colour_that_cannot_be_read_is_told_with_its_line(tmp_path):
    text = LEAST.replace("contact: owner@example.org", "contact: owner@example.org, colour: '#FFEE00'")
    (found,) = mistakes(text, tmp_path, check_colour=lambda colour: f"{colour} is pale")
    assert found == "1: site.colour: found '#FFEE00', expected a colour that can be read: #FFEE00 is pale"
    assert read(text, tmp_path, check_colour=lambda _: "").colour == "#FFEE00"


def test_a_language_without_words_is_told_with_its_line_and_a_way_out(tmp_path):
    text = f"""{LEAST}digest: {{language: de}}
templates: own
subscribers:
  - email: ada@example.org
  - email: bo@example.org
    language: nl
"""
    asked = []

    def languages(folder):
        asked.append(folder)
        return {"en", "fr"}

    way = "for letters in it, translate words.yaml into a words.{0}.yaml in the folder that `templates` names"
    assert mistakes(text, tmp_path, languages=languages) == [
        "4: digest.language: found de, expected en, fr; " + way.format("de"),
        "9: subscribers[1].language: found nl, expected en, fr; " + way.format("nl"),
    ]
    assert asked == [tmp_path / "own"]
    assert read(text, tmp_path, languages=lambda _: {"en", "de", "nl"}).profile.language == "de"


# --- secrets ------------------------------------------------------------------------------------------------------


def smtp(folder, **keys_of_smtp):
    block = "".join(f"    {key}: {value}\n" for key, value in keys_of_smtp.items())
    return read(f"{LEAST}delivery:\n  smtp:\n{block}" if block else LEAST, folder)


def secret(path, text="from a file\n", mode=0o600):
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_where_the_password_comes_from(tmp_path):
    beside = secret(tmp_path / "password", "beside\n")
    named = secret(tmp_path / "named", " named \n")
    config = smtp(tmp_path, username="me", password_file="password")
    environ = {"DIGEST_SMTP_PASSWORD": "direct", "DIGEST_SMTP_PASSWORD_FILE": named}
    assert smtp_password(config, environ) == "direct"
    assert smtp_password(config, {"DIGEST_SMTP_PASSWORD_FILE": named}) == " named "
    assert smtp_password(config, {}) == "beside"
    assert smtp_password(smtp(tmp_path), environ) is None
    assert str(config.delivery.smtp.password_file) == beside


@pytest.mark.parametrize(
    ("prepare", "answer"),
    [
        (lambda path: None, "cannot be read"),
        (lambda path: secret(path, ""), "holds no password"),
        (lambda path: secret(path, "\n"), "holds no password"),
        (lambda path: secret(path, mode=0o644), "chmod 640"),
        (lambda path: secret(path, mode=0o660), "chmod 640"),
        (lambda path: path.mkdir(), "password"),
        (lambda path: path.write_bytes(b"\xff") and path.chmod(0o600), "cannot be read"),
    ],
)
def test_a_password_file_that_does_not_do(prepare, answer, tmp_path):
    prepare(tmp_path / "password")
    with pytest.raises(UsageError, match=answer) as caught:
        smtp_password(smtp(tmp_path, username="me", password_file="password"), {})
    assert "from a file" not in str(caught.value)


def test_a_user_name_asks_for_a_password(tmp_path):
    with pytest.raises(UsageError, match="DIGEST_SMTP_PASSWORD"):
        smtp_password(smtp(tmp_path, username="me"), {})


# --- the shipped file and its page --------------------------------------------------------------------------------


def test_the_shipped_file_is_ready_to_run():
    config = load(SHIPPED)
    assert [source.kind for source in config.sources] == ["huggingface", "sample"]
    assert config.delivery.transport == "files"
    ((email, profile),) = config.subscribers
    assert email == "ada@example.org" and "diffusion models ^2" in profile.interests
    assert starter_text() == SHIPPED.read_text(encoding="utf-8")


def test_what_the_shipped_file_comments_out_are_the_defaults_and_all_of_them(tmp_path):
    shown = re.sub(r"(?m)^( *)# ( *[a-z_]+:( .*)?)$", r"\1\2", SHIPPED.read_text(encoding="utf-8"))
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shown").mkdir()
    (tmp_path / "shipped" / "config.yaml").write_bytes(SHIPPED.read_bytes())
    (tmp_path / "shown" / "config.yaml").write_text(shown)
    before, after = (load(tmp_path / name / "config.yaml") for name in ("shipped", "shown"))
    assert str(after).replace("/shown/", "/shipped/") == str(before)
    data = YAML(typ="safe", pure=True).load(shown)
    missing = [key for key in keys() if "[]" not in key and not _has(data, key.split("."))]
    assert missing == []


def _has(data, path):
    for name in path:
        if name not in data:
            return False
        data = data[name]
    return True


def documented():
    """{key: default as documented} of docs/configuration.md."""
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| `([a-z_.\[\]]+)` \| (.+?) \| .+ \|$", page)
    assert len(rows) == len(dict(rows))
    return {key: default.strip("`") for key, default in rows}


def test_every_key_is_documented_and_every_documented_key_exists():
    assert set(documented()) == set(keys())


@pytest.mark.parametrize("key", [key for key in keys() if "[]" not in key])
def test_documented_defaults_are_true(key, tmp_path):
    default = documented()[key]
    if default == "required":
        assert keys()[key].is_required()
        return
    data = YAML(typ="safe", pure=True).load(LEAST)
    block = data
    *outer, name = key.split(".")
    for each in outer:
        block = block.setdefault(each, {})
    block[name] = YAML(typ="safe", pure=True).load(default)
    with (tmp_path / "config.yaml").open("wb") as file:
        YAML(typ="safe", pure=True).dump(data, file)
    config = load(tmp_path / "config.yaml")
    assert config == read(LEAST, tmp_path)


def test_loading_opens_no_network_and_imports_no_mail_validator_before_it_is_needed():
    command = "import sys, digest.config; print('email_validator' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == "False"


def test_every_kind_of_source_has_its_keys(tmp_path):
    text = LEAST.replace(
        "sources: [{name: daily, kind: huggingface}]",
        """sources:
- {name: week, kind: huggingface, period: weekly}
- {name: arxiv, kind: arxiv, categories: [cs.LG, astro-ph, cond-mat.mes-hall], replacements: true}
- {name: bio, kind: biorxiv}
- {name: med, kind: medrxiv, categories: [infectious diseases]}
- {name: pubmed, kind: pubmed, query: "base editing[Title]"}
- {name: blog, kind: feed, url: "https://example.org/feed.xml"}
- {name: page, kind: webpage, url: "https://example.org/news", max_age: 2d, selectors: {item: article, title: h2 a}}
""",
    )
    week, arxiv, bio, med, pubmed, blog, page = read(text, tmp_path).sources
    assert (week.period, arxiv.categories, arxiv.replacements) == (
        "weekly",
        ("cs.LG", "astro-ph", "cond-mat.mes-hall"),
        True,
    )
    assert (bio.kind, med.categories, pubmed.query) == ("biorxiv", ("infectious diseases",), "base editing[Title]")
    assert (blog.url, blog.max_age) == ("https://example.org/feed.xml", timedelta(days=7))
    assert (page.selectors, page.max_age) == (Selectors(item="article", title="h2 a"), timedelta(days=2))
