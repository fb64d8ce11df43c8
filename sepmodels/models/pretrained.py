"""`load_pretrained`: weights that ship with the project, and Spleeter's."""

import os
from pathlib import Path

import keras
import pandas as pd

from sepmodels import _checks, _files
from sepmodels.models import spleeter
from sepmodels.models.archive import check_archive
from sepmodels.models.base.separator import Separator

FOLDER = Path(__file__).parent / "weights"


def load_pretrained(
    name: str = "dilated_conv_gru", checkpoint: str | os.PathLike | None = None
) -> Separator:
    """Load a trained separator.

    `"dilated_conv_gru"` ships with the project and needs no download, as does `"mir1k-175"`, which
    was trained on the 175 training clips of MIR-1K's published protocol alone.
    `"spleeter-2stems"`, the network that Deezer trained on 24,000 songs, is downloaded once (89 MB)
    and kept, converted, in the folder that the environment variable `SEPMODELS_CACHE` names (by
    default in the user's cache directory). `"spleeter-4stems"` and `"spleeter-5stems"` need a copy
    of Deezer's checkpoint, also once. The training data, the scores and the licence are in the
    model cards in `sepmodels/models/weights`.

    Args:
        name: str. Name of the weights. Defaults to `"dilated_conv_gru"`.
        checkpoint: path. The folder of a TensorFlow checkpoint of Spleeter, as Deezer publishes
            it, for the three names of Spleeter. Defaults to `None`: the cache, or the download.

    Returns:
        `models.Separator`.

    Raises:
        ValueError: if there are no weights of that name, or a file is not the expected one.
        ConnectionError: if the download fails; the message says what to fetch by hand and where
            to put it.

    Example:

    >>> model = sm.load_pretrained()
    >>> model.sources
    ('vocals', 'accompaniment')
    """
    if name in spleeter.NETWORKS:
        return load(spleeter.fetch(name, checkpoint))
    shipped = sorted(path.stem for path in FOLDER.glob("*.keras"))
    known = [*shipped, *spleeter.NETWORKS]
    rule = f"name must be one of {known}; a .keras file is loaded by sm.models.load"
    _checks.require(name in shipped, rule, name=name)
    rule = "checkpoint is for Spleeter's weights"
    _checks.require(checkpoint is None, rule, name=name, checkpoint=checkpoint)
    path = FOLDER / f"{name}.keras"
    _files.check_digest(path)
    return load(path)


Separator._load_preset = staticmethod(load_pretrained)


def list_pretrained() -> pd.DataFrame:
    """List the weights that `load_pretrained` can load.

    Returns:
        pandas.DataFrame. One row for each name: `sources`, `sample_rate` (Hz), `channels`,
        `parameters`, `megabytes`, `ships` (with the library, or fetched on first use), and the SDR
        of `vocals` and `accompaniment` on the sample song in dB, where it was measured.

    Example:

    >>> sm.models.list_pretrained()["name"].tolist()[:2]
    ['dilated_conv_gru', 'mir1k-175']
    """
    return pd.read_csv(FOLDER / "models.csv").convert_dtypes()


def load(path: str | os.PathLike) -> Separator:
    """Load a separator that `train` or `model.save` wrote.

    The file may come from a stranger: it is examined before Keras reads it, and Keras reads it in
    its safe mode. See `sepmodels.models.archive.check_archive`.

    Args:
        path: path of a `.keras` file.

    Returns:
        `models.Separator`, not compiled.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not a Keras file, holds something that `model.save` does not write, or
            holds another kind of model.

    Example:

    >>> sm.models.DilatedConvGRU(filters=8).save("model.keras")
    >>> sm.models.load("model.keras").sources
    ('vocals', 'accompaniment')
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no weights at {str(path)!r}; pass a .keras file")
    try:
        check_archive(path)
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, OSError, KeyError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ValueError(
            f"{str(path)!r} cannot be read as a Keras model: {reason}. Pass a .keras file that "
            "sepmodels wrote"
        ) from error
    if not isinstance(model, Separator):
        raise ValueError(
            f"{str(path)!r} holds a {type(model).__name__}, which is not a separator; pass a "
            ".keras file that sepmodels wrote"
        )
    return model
