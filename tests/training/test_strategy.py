"""Several devices share each batch, and the losses are those of one device."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd

import sepmodels as sm

# Gradients of l1 are small: the clipping, which each device does for itself, stays idle.
SCRIPT = """
import sys
import tensorflow as tf
import sepmodels as sm

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, 2 * [tf.config.LogicalDeviceConfiguration()])
tracks = sm.datasets.synthetic.load(3, seconds=1.0)
recipe = sm.recipes.quick(sm.recipes.DILATED_CONV_GRU).vary(
    filters=8, segment=0.25, batch_size=4, steps_per_epoch=3, epochs=2,
    loss="l1", loss_on="waveform",
)
both = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert both.num_replicas_in_sync == 2
for name, strategy in (("one", None), ("two", both)):
    run = sm.train(recipe, tracks, name, strategy=strategy, progress=False)
    run.history.to_csv(f"{name}.csv")
"""


def test_two_devices_learn_as_one(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(Path(sm.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", SCRIPT], cwd=tmp_path, env=environment, check=True)
    one, two = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("one", "two"))
    columns = ["epoch", "loss", "val_loss"]
    pd.testing.assert_frame_equal(one[columns], two[columns], rtol=1e-4)
    assert one["val_loss"].nunique() == 2, "the training changes something"
