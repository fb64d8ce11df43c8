"""`load_tensorflow`: the first import of TensorFlow, quietly."""

import contextlib
import importlib
import os
import sys


def load_tensorflow():
    """Imports TensorFlow without what its native code says on the way, which no option turns off.

    It writes to the file descriptor, so `sys.stderr` cannot hold it back.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            with contextlib.suppress(ImportError):  # `doctor` and the first use tell it
                tensorflow = importlib.import_module("tensorflow")
                importlib.import_module("keras")
                # It looks for GPUs, and says so; and XLA says once that it is there.
                compiled = tensorflow.test.is_built_with_xla()
                tensorflow.function(lambda: tensorflow.zeros(()), jit_compile=compiled)()
    finally:
        os.dup2(kept, 2)
        os.close(kept)
