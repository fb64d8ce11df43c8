"""Corpora of songs with stems, one per file, each with `load()`."""
