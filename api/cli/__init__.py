"""The command line: one file for each family of verbs. `main` is the program's entry."""

from yanji.api.cli.program import main

__all__ = ["main"]
