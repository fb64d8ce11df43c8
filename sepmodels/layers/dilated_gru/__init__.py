"""The dilated GRU: its definition as a cell, and a layer that computes the same faster."""

from sepmodels.layers.dilated_gru.layer import DilatedGRU, DilatedGRUCell

__all__ = ["DilatedGRU", "DilatedGRUCell"]
