"""`load_tensorflow`: the first import of TensorFlow, quietly."""

import contextlib
import importlib
import os
import sys


def load_tensorflow():
    """Import TensorFlow without the messages of its native code, which no option turns off.

    That code writes to the file descriptor itself, so replacing `sys.stderr` would not do.
    Products of float32 keep the precision of float32 on GPUs that would rather round them first.

    Returns:
        list of the GPUs that TensorFlow can use; empty without TensorFlow, too.
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
                # The first function looks for GPUs, and says so; and XLA says that it is there.
                compiled = tensorflow.test.is_built_with_xla()
                tensorflow.function(lambda: tensorflow.zeros(()), jit_compile=compiled)()
                tensorflow.config.experimental.enable_tensor_float_32_execution(False)
                return tensorflow.config.list_physical_devices("GPU")
            return []
    finally:
        os.dup2(kept, 2)
        os.close(kept)
