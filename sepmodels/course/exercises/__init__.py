"""The exercises of the course: the library's own answers, and the mistakes that others made.

One file per notebook; `sepmodels.course` asks them.
"""

from sepmodels.course.exercises import (
    ablations,
    crop_concat,
    deep_conv_sep,
    dilated_conv_gru,
    dilated_gru,
    evaluate_sdr,
    gated_block,
    generalisation,
    gradient_reversal,
    listen,
    music_translation,
    nc_wavenet,
    receptive_field,
    start_here,
    stems_and_mixtures,
    wave_u_net,
    wavenet,
    waves_as_numbers,
)
from sepmodels.course.exercises.exercise import Exercise

_NOTEBOOKS = (
    start_here,
    stems_and_mixtures,
    waves_as_numbers,
    receptive_field,
    gated_block,
    crop_concat,
    dilated_gru,
    gradient_reversal,
    wavenet,
    nc_wavenet,
    wave_u_net,
    deep_conv_sep,
    dilated_conv_gru,
    music_translation,
    listen,
    evaluate_sdr,
    ablations,
    generalisation,
)
EXERCISES = {
    number: exercise for notebook in _NOTEBOOKS for number, exercise in notebook.EXERCISES.items()
}
__all__ = ["EXERCISES", "Exercise"]
