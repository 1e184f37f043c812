"""Every error that the program raises on purpose, split by what the caller will do about it.

DigestError
├── UsageError            the person at the keyboard can mend it: exit 2
│   └── ConfigError       config.yaml is wrong; carries every mistake at once
├── StoreError            the store refuses: newer schema, simulated clock, locked
├── SourceError           one source could not be read; the run goes on
├── TemplateError         a template does not compile; names file and line
└── SetupError            sending cannot start: our side is set up wrongly (TLS, login, no postal address)
"""

from __future__ import annotations


class DigestError(Exception):
    """The root of the tree; its text is written for the person who reads it."""


class UsageError(DigestError):
    """A command was called in a way that cannot work; the text says what to do instead."""


class ConfigError(UsageError):
    """config.yaml has mistakes: `mistakes` holds one printable line for each, in file order."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class StoreError(DigestError):
    """The store cannot be used as asked, and nothing was changed."""


class SourceError(DigestError):
    """One source could not be fetched or parsed; nothing of it was recorded."""


class TemplateError(DigestError):
    """A template cannot be compiled; the text names the file and the line."""


class SetupError(DigestError):
    """Nothing can be sent because of our own set-up; no reader is to blame and none is suppressed."""
