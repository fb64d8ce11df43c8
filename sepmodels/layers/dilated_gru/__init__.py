"""The dilated GRU: its definition as a cell, and a layer that computes the same faster."""

from sepmodels.layers.dilated_gru.cell import DilatedGRUCell
from sepmodels.layers.dilated_gru.layer import DilatedGRU

__all__ = ["DilatedGRU", "DilatedGRUCell"]
