"""Keras's own tests of its GRU, which come in its wheel, with `DilatedGRU` in its place."""

import types
from unittest import mock

import pytest
from keras.src.layers.rnn import gru_test
from keras.src.utils import traceback_utils

from sepmodels.layers.dilated_gru import DilatedGRU


# Keras's `run_layer_test` fits on a generator, which Keras itself warns about.
@pytest.mark.filterwarnings("ignore:.*data `x` was provided as a generator:UserWarning")
class KerasGRUTest(gru_test.GRUTest):
    test_torch_cudnn_dispatch_fires = None  # about the torch backend alone

    def setUp(self):
        super().setUp()  # this turns the filtering of tracebacks off
        self.addCleanup(traceback_utils.enable_traceback_filtering)
        swap = mock.patch.object(gru_test, "layers", types.SimpleNamespace(GRU=DilatedGRU))
        swap.start()
        self.addCleanup(swap.stop)
