"""Scores between a floor and a ceiling, of songs in memory, models on tracks, and folders."""

import lazy_loader

# Scores of arrays and files, in many processes, do not wait for the import of TensorFlow.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["folders", "metrics", "museval_json", "oracles", "sisec2018", "statistics"],
    submod_attrs={
        "folders": ["evaluate_folders"],
        "song": ["MEDIAN", "RATIOS", "SYSTEMS", "WHOLE", "evaluate", "summarize"],
        "tracks": ["evaluate_clips", "evaluate_tracks"],
    },
)
