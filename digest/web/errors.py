"""What a page refuses to do, with the sentence that says so."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818  # it is an answer, and no failure of ours
    """An answer other than the one that was asked for: its status, and a sentence for people."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
