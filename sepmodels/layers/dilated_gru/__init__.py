"""The dilated GRU: its definition as a cell, and a layer that computes the same faster."""

from sepmodels.layers.dilated_gru.layer import DilatedGRU, DilatedGRUCell
from sepmodels.layers.dilated_gru.xla_loop import fix_shape

__all__ = ["DilatedGRU", "DilatedGRUCell", "fix_shape"]
