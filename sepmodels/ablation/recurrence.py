"""The claim of the paper about the dilated GRU, as measured on real songs."""

import pandas as pd

from sepmodels import _files


def load_recurrence() -> pd.DataFrame:
    """Read the scores of networks that differ in their recurrence, trained on MIR-1K.

    Every network has about the same number of weights and was trained for 400 steps on the training
    clips of the disjoint split, with three seeds. The scores are those of 23 validation clips, of
    other singers, as `scripts/ablate_recurrence.py` measured them.

    Returns:
        pandas.DataFrame. As of `sweep`, with one column for the grid: `variant`, the recurrence in
        words. `seconds` is the duration of all steps on two CPU cores, measured in turns for all
        networks.

    Example:

    >>> table = sm.ablation.load_recurrence()
    >>> table["variant"].nunique(), table["seed"].nunique(), table["track"].nunique()
    (7, 3, 23)
    """
    return pd.read_csv(_files.find_shipped("recurrence.csv"))
