"""A file or an array as a stream of blocks."""

import numpy as np
import pytest

from sepmodels.audio import BlockStream, resample_blocks


@pytest.mark.parametrize("rates", [(8000, 8000), (8000, 3000), (3000, 8000)])
def test_resampled_in_blocks_is_resampled_whole(rates):
    stream = np.random.default_rng(0).normal(size=(2000, 2, 2)).astype("float32")
    whole = np.concatenate(list(resample_blocks([stream], *rates)))
    parts = np.concatenate(list(resample_blocks(np.split(stream, [3, 700, 701]), *rates)))
    assert whole.shape == (-(-2000 * rates[1] // rates[0]), 2, 2)
    np.testing.assert_allclose(parts, whole, atol=1e-6)


def test_a_block_stream_gives_what_was_read_and_no_more():
    song = BlockStream(np.arange(10.0), 8000)
    blocks = song.blocks(4)
    next(blocks)
    assert song.take(3)[:, 0].tolist() == [0, 1, 2]
    assert song.take(3)[:, 0].tolist() == [3]
    next(blocks)
    assert song.take(9)[:, 0].tolist() == [4, 5, 6, 7]
