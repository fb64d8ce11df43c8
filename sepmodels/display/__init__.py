"""Players, pictures and reports, for notebooks and pages.

Every `plot_` function returns a matplotlib `Figure` that pyplot no longer tracks, so a notebook
shows it once, as the value of its cell, and a script saves it with `figure.savefig`.
"""

from sepmodels.display.charts import plot_learning_curve, plot_scores
from sepmodels.display.corpora import plot_corpus
from sepmodels.display.loudness import measure_loudness
from sepmodels.display.players import Page, Player
from sepmodels.display.reports import write_report
from sepmodels.display.sisec_comparison import plot_sisec_comparison
from sepmodels.display.spectrograms import plot_spectrogram, plot_spectrograms, plot_waveforms
from sepmodels.display.theme import set_theme
from sepmodels.display.variants import plot_ablation

__all__ = [
    "Page",
    "Player",
    "measure_loudness",
    "plot_ablation",
    "plot_corpus",
    "plot_learning_curve",
    "plot_scores",
    "plot_sisec_comparison",
    "plot_spectrogram",
    "plot_spectrograms",
    "plot_waveforms",
    "set_theme",
    "write_report",
]
