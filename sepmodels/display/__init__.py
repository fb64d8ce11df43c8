"""What is heard and seen: players and pictures for notebooks and reports.

Every picture returns a matplotlib `Figure` that pyplot has already let go, so that a notebook shows
it once, as the value of its cell, and a script saves it with `figure.savefig`.
"""

from sepmodels.display.charts import learning_curve, scores
from sepmodels.display.corpora import corpus
from sepmodels.display.players import Player, player
from sepmodels.display.reports import report
from sepmodels.display.sisec_comparison import sisec_comparison
from sepmodels.display.spectrograms import spectrogram, spectrograms, waveforms
from sepmodels.display.variants import ablation

__all__ = [
    "Player",
    "ablation",
    "corpus",
    "learning_curve",
    "player",
    "report",
    "scores",
    "sisec_comparison",
    "spectrogram",
    "spectrograms",
    "waveforms",
]
