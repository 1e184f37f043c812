"""A daily digest of new papers: listings in, personal letters out. docs/architecture.md shows the way through."""

__version__ = "0.1.0"
