"""The measured table of the recurrence is complete and fair."""

import numpy as np

import sepmodels as sm


def test_every_network_has_three_seeds_on_the_same_clips():
    table = sm.ablation.load_recurrence()
    counts = table.groupby(["variant", "seed"])["track"].agg(["size", "nunique"])
    assert len(counts) == 7 * 3
    assert (counts == [2 * 23, 23]).all(axis=None)
    assert np.isfinite(table[["SDR", "SDRi", "seconds", "multiply_adds"]]).all(axis=None)


def test_weights_are_about_equal_and_only_the_convolutions_have_an_end():
    of_variants = sm.ablation.load_recurrence().groupby("variant").first()
    assert of_variants["parameters"].max() < 1.06 * of_variants["parameters"].min()
    bounded = of_variants["receptive_field"].dropna()
    assert bounded.index.tolist() == ["convolutions alone"]
    assert bounded.item() > 2.0 * 16000  # the segments of the training
