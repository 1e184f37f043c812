"""The line killed again and again; `python -m tests.torture` is the long form of what the tests take samples of."""
