"""Scores between a floor and a ceiling, of songs in memory, models on tracks, and folders."""

from sepmodels.evaluation import metrics, museval_json, oracles, sisec2018, statistics
from sepmodels.evaluation.folders import evaluate_folders
from sepmodels.evaluation.song import MEDIAN, RATIOS, SYSTEMS, WHOLE, evaluate, summarize
from sepmodels.evaluation.tracks import evaluate_tracks

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
