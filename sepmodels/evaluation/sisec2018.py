"""Published results for comparison: medians of SiSEC 2018 on the test songs of MUSDB18."""

import pandas as pd

from sepmodels import _files


def load() -> pd.DataFrame:
    """Read the medians of the campaign: 16 systems, five oracles and the mixture.

    The medians are over the 50 test songs of MUSDB18. The scores of single songs, which a box plot
    needs, are in the files of the campaign: `museval_json.read_folder` reads them, and
    `statistics.aggregate` computes these medians from them.

    Returns:
        pandas.DataFrame. Columns `system`, `kind` (`"submission"`, `"oracle"` or `"floor"`),
        `trained_on` (`"MUSDB18"`, or `"MUSDB18 and more"`; empty where it is unknown),
        `source`, `measure`, `aggregate` (as in `statistics.aggregate`) and `median` (dB).

    Example:

    >>> table = sm.evaluation.sisec2018.load()
    >>> of_one = table.query("system == 'STL1' and measure == 'SDR' and source == 'vocals'")
    >>> of_one["median"].tolist()
    [4.97, 4.46]

    Reference:

    - Stöter, Liutkus and Ito (2018), "The 2018 Signal Separation Evaluation Campaign". Recomputed
      from the scores per window in github.com/sigsep/sigsep-mus-2018.
    """
    return pd.read_csv(_files.find_shipped("sisec18.csv"), keep_default_na=False)


def load_picks() -> pd.DataFrame:
    """Read which of six systems listeners preferred for the vocals of 13 excerpts.

    Each excerpt lasts seven seconds and comes from a test song of MUSDB18. The SDRs were computed
    from the published excerpts: as they are, after the best lag within 4096 samples, and after the
    best gain as well.

    Returns:
        pandas.DataFrame. A row for each excerpt and system: `song`, `system`, `picked_as_best` and
        `times_shown` (counts), `sdr_as_published`, `sdr_aligned`, `sdr_aligned_gain_fitted` (dB)
        and `lag_samples`.

    Example:

    >>> picks = sm.evaluation.sisec2018.load_picks()
    >>> picks["song"].nunique(), int(picks["picked_as_best"].sum())
    (13, 493)

    Reference:

    - Ward, Mason, Kim, Stöter, Liutkus and Plumbley (2018), "SiSEC 2018: State of the art in
      musical audio source separation - subjective selection of the best algorithm". 4th Workshop
      on Intelligent Music Production.
    """
    return pd.read_csv(_files.find_shipped("sisec18_picks.csv"), keep_default_na=False)
