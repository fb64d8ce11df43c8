"""The field to compare with: the published medians of SiSEC 2018 on the test songs of MUSDB18."""

import pathlib

import pandas as pd

_PACKAGE = pathlib.Path(__file__).resolve().parents[1]


def load():
    """Read the medians of the campaign: 16 systems, five oracles and the mixture.

    Only medians: the scores of single songs, of which boxes could be drawn, are in the campaign's
    own files (`museval_json.read_folder` reads them, `statistics.aggregate` makes these medians of
    them). They hold for the 50 test songs of MUSDB18 and no others.

    Returns:
        pandas.DataFrame. Columns `system`, `kind` (`"submission"`, `"oracle"` or `"floor"`),
        `trained_on` (`"MUSDB18"`, or `"MUSDB18 and more"`; empty where it is not known to us),
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
    # In an installed wheel the table lies in the package, in a checkout beside it.
    for path in (_PACKAGE / "sisec18.csv", _PACKAGE.parent / "data" / "sisec18.csv"):
        if path.is_file():
            return pd.read_csv(path, keep_default_na=False)
    raise FileNotFoundError("the table of SiSEC 2018 is missing; reinstall sepmodels")
