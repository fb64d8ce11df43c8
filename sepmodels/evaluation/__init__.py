"""Scores between a floor and a ceiling, of songs in memory, models on tracks, and folders."""

import importlib

from sepmodels.evaluation import metrics, museval_json, oracles, sisec2018, statistics
from sepmodels.evaluation.folders import evaluate_folders
from sepmodels.evaluation.song import MEDIAN, RATIOS, SYSTEMS, WHOLE, evaluate, summarize

__all__ = [
    "MEDIAN",
    "RATIOS",
    "SYSTEMS",
    "WHOLE",
    "evaluate",
    "evaluate_folders",
    "evaluate_tracks",
    "metrics",
    "museval_json",
    "oracles",
    "sisec2018",
    "statistics",
    "summarize",
]


def __getattr__(name):
    # Scores of arrays and files, in many processes, need not wait for the import of TensorFlow.
    if name == "evaluate_tracks":
        return importlib.import_module(f"{__name__}.tracks").evaluate_tracks
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
