"""Command line, processes, audit: where the stages meet."""
