"""Headings that stick to words, and marks of typesetting, in abstracts of bioRxiv and medRxiv."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources.markup.highwire import unglued

FIGURE = (
    'Done. O_FIG O_LINKSMALLFIG WIDTH=200 HEIGHT=148 SRC="FIGDIR/small/1v1_ufig1.gif" ALT="Figure 1"> View larger'
    " version (43K): org.highwire.dtl.DTLVardef@1a2b3corg.highwire.dtl.DTLVardef@9_HPS_FORMAT_FIGEXP M_FIG C_FIG"
)


@pytest.mark.parametrize(
    ("glued", "reads"),
    [
        ("BackgroundThe cell. ResultsWe saw it.", "Background: The cell. Results: We saw it."),
        ("One.MethodsA trial.ConclusionsIt works.", "One. Methods: A trial. Conclusions: It works."),
        ("BACKGROUNDCOVID-19 spread. METHODSWe counted.", "Background: COVID-19 spread. Methods: We counted."),
        ("Materials and MethodsMice. Results27 of 30 lived.", "Materials and Methods: Mice. Results: 27 of 30 lived."),
        ("Main Outcomes and MeasuresDeath. ConclusionNone.", "Main Outcomes and Measures: Death. Conclusion: None."),
        ("ContextTea. DesignA trial.", "Context: Tea. Design: A trial."),
        ("O_ST_ABSObjectiveC_ST_ABSTo see. O_ST_ABSRESULTSC_ST_ABS Seen.", "Objective: To see. Results: Seen."),
        ("Two: O_LIFirst pointC_LIO_LISecond pointC_LI", "Two: • First point • Second point"),
        ("O_SCPLOWDC_SCPLOW-glucose of O_SCPCAPLC_SCPCAP-type", "D-glucose of L-type"),
        ("aged [≥]65 [±] 2, and [12] or [a]", "aged ≥65 ± 2, and [12] or [a]"),
        (FIGURE, "Done."),
        # no heading
        ("MethodsX is a journal.", "MethodsX is a journal."),
        ("ContextNet is a tool. It works.", "ContextNet is a tool. It works."),
        ("Design2Vec is. Methods differ. Results: good.", "Design2Vec is. Methods differ. Results: good."),
        ("Background: The cell. Results: Seen.", "Background: The cell. Results: Seen."),
        ("The ResultsWe had", "The ResultsWe had"),
        ("CO_2 and C_LAB", "CO_2 and C_LAB"),
        ("", ""),
    ],
)
def test_abstracts_read_as_they_were_set(glued: str, reads: str) -> None:
    assert unglued(glued) == reads


HEADINGS = ["Background", "Methods", "Results", "Conclusions"]


@given(st.lists(st.from_regex(r"[A-Z][a-z]{2,8}( [a-z]{1,8}){0,6}\.", fullmatch=True), min_size=4, max_size=4))
def test_a_structured_abstract_reads_the_same_however_it_is_glued(parts: list[str]) -> None:
    pairs = [*zip(HEADINGS, parts, strict=True)]
    wanted = " ".join(f"{heading}: {part}" for heading, part in pairs)
    assert unglued(" ".join(f"{heading}{part}" for heading, part in pairs)) == wanted
    assert unglued("".join(f"O_ST_ABS{heading}C_ST_ABS{part}" for heading, part in pairs)) == wanted
    assert unglued(wanted) == wanted


@given(st.text(st.characters(exclude_characters="[_", exclude_categories=["Cs", "Cc"])))
def test_no_letter_is_lost(text: str) -> None:
    assert [c for c in unglued(text) if c.isalnum()] == [c for c in text if c.isalnum()]
