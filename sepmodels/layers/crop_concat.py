"""`CropConcat`: concatenates the channels of two signals of different lengths."""

from collections.abc import Sequence

import keras
from keras import ops

from sepmodels import signal
from sepmodels.layers.registration import register
from sepmodels.signal.tensor import Tensor


@register
class CropConcat(keras.layers.Layer):
    """Crops the longer of two signals to its centre and concatenates the channels.

    Convolutions without padding shorten a signal on both sides, so a skip connection around them
    is longer by the same amount on either side. If the difference is odd, the extra sample is
    removed at the end. Masks are cropped likewise; a step is valid where both signals are.

    Args:
        **kwargs: Passed to `keras.layers.Layer` (`name`, `dtype`, ...).

    Input shape:
        `(skip, x)`: `(batch, time_skip, channels_skip)` and `(batch, time_x, channels_x)`. The
        time axes may be unknown.

    Output shape:
        `(batch, min(time_skip, time_x), channels_skip + channels_x)`, channels of the skip
        first.

    Example:

    >>> skip, x = np.arange(8.0).reshape(1, 8, 1), np.zeros((1, 5, 2))
    >>> joined = sm.layers.CropConcat()((skip, x))
    >>> tuple(joined.shape), np.array(joined[0, :, 0]).tolist()
    ((1, 5, 3), [1.0, 2.0, 3.0, 4.0, 5.0])

    Reference:

    - Stoller, Ewert and Dixon (2018), section 3.2.2, figure 1. "Wave-U-Net: A Multi-Scale Neural
      Network for End-to-End Audio Source Separation".
      [arXiv:1806.03185](https://arxiv.org/abs/1806.03185)
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        return ops.concatenate(self._crop(inputs), axis=-1)

    def compute_mask(
        self, inputs: Sequence[Tensor], mask: Sequence[Tensor] | None = None
    ) -> Tensor | None:
        if mask is None or all(m is None for m in mask):
            return None
        pairs = zip(inputs, mask, strict=True)
        masks = [ops.ones(ops.shape(x)[:2], "bool") if m is None else m for x, m in pairs]
        return ops.logical_and(*self._crop(masks))

    def _crop(self, inputs):
        times = [ops.shape(x)[1] for x in inputs]
        known = all(isinstance(time, int) for time in times)
        length = min(times) if known else ops.minimum(*times)
        starts = [(time - length) // 2 for time in times]
        return [signal.crop(*pair, length) for pair in zip(inputs, starts, strict=True)]

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        (batch, *times), (_, *other) = (shape[:2] for shape in input_shape)
        time = None if None in (*times, *other) else min(*times, *other)
        return batch, time, sum(shape[-1] for shape in input_shape)
