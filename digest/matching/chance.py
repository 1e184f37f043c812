"""What a share of a phrase is worth: the less of it papers hold by chance, the more a share of it says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: by chance papers hold this part of a usual phrase; a share of such a phrase counts as it is
USUAL = 0.4
#: no share counts for more than this many times itself
MOST = 2.5

_DEVIATIONS = 3  # "by chance" reaches this many standard deviations above the mean
_WORDS, _PAPERS = 2, 20  # a phrase is usual until more words than this, in a history of more papers, say otherwise


@dataclass(frozen=True, slots=True)
class PhraseWords:
    """The words of many phrases in a row, a repeated word as often as its phrase has it."""

    phrases: NDArray[np.int64]  #: whose word it is; phrases are counted from 0, and one may be without words
    masses: NDArray[np.float64]  #: what it weighs in the phrase
    rates: NDArray[np.float64]  #: the part of the history's papers that have it, 0 to 1


def factors(words: PhraseWords, phrases: int, papers: int) -> NDArray[np.float64]:
    """By phrase: what to multiply shares of it with; about .7 for common phrases, 1 for usual ones, at most `MOST`.

    Half of a share counts as it is, half of it is measured against the part that papers hold by chance. A usual
    phrase, one without words, and any phrase where the history holds no papers has the factor 1.
    """
    lengths = np.bincount(words.phrases, minlength=phrases)
    trust = lengths / (lengths + _WORDS) * papers / (papers + _PAPERS)
    expected = USUAL + trust * (by_chance(words, phrases) - USUAL)
    return np.minimum(0.5 + 0.5 * USUAL / expected, MOST)


def by_chance(words: PhraseWords, phrases: int) -> NDArray[np.float64]:
    """By phrase: the part of its mass that few papers would exceed if its words came independently of each other.

    It may exceed 1 where a phrase is one common word. A phrase without words has 0.
    """
    variances = words.masses**2 * words.rates * (1 - words.rates)
    mean = np.bincount(words.phrases, words.masses * words.rates, phrases)
    deviation = np.sqrt(np.bincount(words.phrases, variances, phrases))
    mass = np.bincount(words.phrases, words.masses, phrases)
    most: NDArray[np.float64] = mean + _DEVIATIONS * deviation
    return most / np.where(mass > 0, mass, 1)
