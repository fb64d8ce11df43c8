"""What happens at imports: TensorFlow loads quietly, and Keras learns the classes of the models."""

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import os
import sys


def load_tensorflow() -> list:
    """Import TensorFlow without the messages of its native code, which no option turns off.

    That code writes to the file descriptor itself, so replacing `sys.stderr` would not do.
    Products of float32 keep the precision of float32 on GPUs that would rather round them first.

    Returns:
        list of the GPUs that TensorFlow can use; empty without TensorFlow, too.

    Example:

    >>> gpus = sm.load_tensorflow()
    >>> isinstance(gpus, list)
    True
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            with contextlib.suppress(ImportError):  # `doctor` and the first use report it
                tensorflow = importlib.import_module("tensorflow")
                importlib.import_module("keras")
                # The first function logs the search for GPUs, and the start of XLA.
                compiled = tensorflow.test.is_built_with_xla()
                tensorflow.function(lambda: tensorflow.zeros(()), jit_compile=compiled)()
                tensorflow.config.experimental.enable_tensor_float_32_execution(False)
                return tensorflow.config.list_physical_devices("GPU")
            return []
    finally:
        os.dup2(kept, 2)
        os.close(kept)


class Registration(importlib.abc.MetaPathFinder):
    """Registers the models and losses with Keras once it is imported, whoever imports it.

    A saved model names its classes, and Keras finds those that are registered. Registering imports
    Keras and TensorFlow, which `import sepmodels` leaves alone; so this finder watches the imports
    of Keras and of the rooms, and registers after the first that brings Keras.
    """

    def __init__(self):
        self._running = 0  # watched imports, which are nested in one another

    def find_spec(self, name, path, target=None):
        if name != "keras" and not name.startswith("sepmodels."):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_register(module):
            self._running += 1
            try:
                execute(module)
            finally:
                self._running -= 1
            self.register()

        spec.loader.exec_module = execute_and_register
        return spec

    def register(self):
        """Import the rooms whose classes Keras must know, unless an import has not ended yet."""
        tensorflow = getattr(sys.modules.get("tensorflow"), "__spec__", None)
        unfinished = self._running or getattr(tensorflow, "_initializing", False)
        if "keras" in sys.modules and not unfinished:
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            importlib.import_module("sepmodels.training")
