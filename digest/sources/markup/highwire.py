"""What is left of an abstract's layout in the plain text that HighWire, the host of bioRxiv and medRxiv, gives out.

Headings stick to the words behind them ("BackgroundThe"), and marks of its typesetting stand between the words
("O_LIFirst pointC_LI"). Neither is described anywhere; both were seen in listings.
"""

from __future__ import annotations

import re

from digest.sources.text import collapse, labelled

_HEADINGS = (
    "Background|Introduction|Motivation|Rationale|Importance|Significance|Purpose|Aims?|Objectives?|Hypothesis|Context"
    "|Study Design|Design|Settings?|Participants|Patients|Interventions?|Exposures?|Measurements"
    "|Main Outcomes?(?: and Measures)?|Main Outcome Measures|Principal Findings|Findings|(?:Main )?Results?"
    "|(?:Materials?|Patients|Subjects) and Methods|Methodology(?:/Principal Findings)?|Methods?(?: and Findings)?"
    "|Interpretation|Discussion|Limitations|Implications|Funding|Summary|Abstract|Author Summary"
    "|Conclusions?(?: and Relevance|/Significance)?|(?:Clinical |Trial )?Registration|(?:Data )?Availability"
    "(?: and Implementation)?"
)
#: A heading where a sentence starts and, with no space between, its first word or number. A capital alone is no word,
#: unless it is "A" or "I": MethodsX is a journal.
_GLUED = re.compile(
    rf"(?:^|(?<=[.!?:;)\]])|(?<=[.!?:;)\]]\s))({_HEADINGS}|{_HEADINGS.upper()})"
    r"(?=[A-Z][A-Za-z0-9-]|[AI]\s|[0-9]{1,9}[\s.,%])"
)
#: headings that no name starts with; any other, as in "ContextNet", is one only where the abstract has more of them
_CERTAIN = re.compile("Background|Introduction|Aims?|Objectives?|Purpose|Methods?|Results?|Conclusions?", re.IGNORECASE)

_HEADED = re.compile(r"O_ST_ABS(.{1,120}?)C_ST_ABS")
_SMALL_CAPITALS = re.compile(r"[OC]_SCP(?:LOW|CAP)")  # the only marks that stand within a word
_FIGURE = re.compile(
    r"O_LINKSMALLFIG\s[^<>]{0,600}>(?: ?View larger version \([^()]{1,20}\):)?(?: ?org\.highwire\.\S+)*"
)
_POINT = re.compile(r"O_LI(?!NK)")
_MARK = re.compile(r"[OC]_(?:LINKSMALLFIG|LI|ST_ABS|QD|TEXTBOX|FIG|TBL|FLOATNO|TABLECAPTION)|M_(?:FIG|TBL)")
_SIGN = re.compile(r"\[([≤≥≈∼~→←↑↓×±−])\]")


def unglued(text: str) -> str:
    """The abstract with "Heading: " before each part and "• " before each point of a list, without those marks.

    >>> unglued("O_ST_ABSAimC_ST_ABSWe count. ResultsThere are [&ge;]two.".replace("&ge;", "≥"))
    'Aim: We count. Results: There are ≥two.'
    """
    text = _SMALL_CAPITALS.sub("", _HEADED.sub(lambda match: f" {labelled(match[1], ' ')}", text))
    text = _MARK.sub(" ", _POINT.sub(" • ", _FIGURE.sub(" ", text)))
    return _headed(collapse(_SIGN.sub(r"\1", text)))


def _headed(text: str) -> str:
    headings = [match[1] for match in _GLUED.finditer(text)]
    if len(headings) < 2 and not any(map(_CERTAIN.fullmatch, headings)):
        return text
    return collapse(_GLUED.sub(lambda match: f" {labelled(match[1], ' ')}", text))
