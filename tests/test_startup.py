"""`startup`: TensorFlow arrives quietly, and says what it can use."""

import subprocess
import sys

CODE = """
from sepmodels._startup import load_tensorflow
found = load_tensorflow()
import tensorflow as tf
print(found == tf.config.list_physical_devices("GPU"))
print(tf.config.experimental.tensor_float_32_execution_enabled())
"""


def test_the_first_import_is_quiet_and_keeps_float32():
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["True", "False"]
    assert run.stderr == ""
