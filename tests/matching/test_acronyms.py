"""Acronyms that papers explain, and what they then stand for."""

from __future__ import annotations

import pytest
from shelf import announced, evidence_of, marked, one, paper

from digest.matching.acronyms import Acronyms, definitions
from digest.matching.analysis import read
from digest.matching.index import Index
from digest.matching.scores import EditionScores, match
from digest.model import ItemText


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Large language models (LLMs) are", [("llm", "larg languag model")]),
        ("a Large Language Model (LLM), as", [("llm", "larg languag model")]),
        ("convolutional neural networks (CNN; see below)", [("cnn", "convolut neural network")]),
        ("Retrieval-Augmented Generation (RAG)", [("rag", "retriev augment generat")]),
        ("mixture of experts (MoE)", [("moe", "mixtur expert")]),
        ("low-rank adaptation (LoRA)", [("lora", "low rank adapt")]),
        ("reinforcement learning from human feedback (RLHF)", [("rlhf", "reinforc learn human feedback")]),
        ("t-distributed neighbours (see Fig. 1)", []),
        ("a new method (ABC)", []),
        ("models (LLMs) that are large in language", []),
        ("Language. Models (LM)", []),
        ("(LLM)", []),
        ("a model (m)", []),
        ("deep learning (2024) and (", []),
    ],
)
def test_what_a_text_explains(text: str, said: list[tuple[str, str]]) -> None:
    assert list(definitions(text, read(text))) == said


def saying(*texts: str) -> list[ItemText]:
    return [paper(-number, text) for number, text in enumerate(texts, 1)]


LLM = "Large language models (LLMs) at work"
OTHER = "Latent linear mixtures (LLM) at work"


@pytest.mark.parametrize(
    ("texts", "is_believed"),
    [
        ([LLM] * 3, True),
        ([LLM] * 2, False),
        ([LLM] * 3 + [OTHER], True),
        ([LLM] * 3 + [OTHER] * 2, False),
        ([LLM] * 3 + ["LLM"] * 20, True),
        ([LLM] * 3 + ["LLM"] * 40, False),
    ],
)
def test_an_acronym_is_believed_where_enough_papers_agree(texts: list[str], is_believed: bool) -> None:
    known = Acronyms.of(Index.of(saying(*texts)).history).long_of
    assert known.get("llm") == (("larg", "languag", "model") if is_believed else None)


@pytest.mark.parametrize(
    ("line", "title", "words", "mark"),
    [
        ("LLM", "Why large language models fail", ("LLM",), "large language models"),
        ("LLMs for birds", "Large language models of birds", ("LLMs", "birds"), "Large language models of birds"),
        ("large language models", "Why LLMs fail", ("large", "language", "models"), "LLMs"),
        ("agents of large language models", "LLM agents", ("agents", "large", "language", "models"), "LLM agents"),
    ],
)
def test_either_finds_the_other_and_reasons_name_the_readers_own_words(
    line: str, title: str, words: tuple[str, ...], mark: str
) -> None:
    text = paper(title=title)
    scores = EditionScores([announced(text)], Index.of([*saying(*[LLM] * 5, "Tea", "Milk", "Birds"), text]).history)
    [evidence] = evidence_of(scores, one(line)).values()
    assert evidence.is_whole
    assert match(one(line), evidence).words == words
    assert marked(evidence.mark, text) == mark


def test_what_is_not_explained_stands_for_nothing() -> None:
    text = paper(title="Why LLMs fail")
    scores = EditionScores([announced(text)], Index.of([*saying("Large language models"), text]).history)
    assert not evidence_of(scores, one("large language models"))
