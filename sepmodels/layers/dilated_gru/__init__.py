"""The dilated GRU: its definition as a cell, and a layer that runs it fast."""

from sepmodels.layers.dilated_gru.dilated_gru import (
    DilatedGRU,
    DilatedGRUCell,
    fold_time,
    unfold_time,
)

__all__ = ["DilatedGRU", "DilatedGRUCell", "fold_time", "unfold_time"]
