"""Synthetic songs: a sung melody over drums, bass and chords, composed from a seed."""

from sepmodels.datasets.synthetic.songs import MODES, RHYTHMS, STEMS, Score, compose, load

__all__ = ["MODES", "RHYTHMS", "STEMS", "Score", "compose", "load"]
