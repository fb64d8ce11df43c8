"""`load_pretrained`: the weights that ship with the project."""

from pathlib import Path

import keras

from sepmodels.models.base.separator import Separator

FOLDER = Path(__file__).parent / "weights"


def load_pretrained(name="dilated_conv_gru"):
    """Load a trained separator that ships with the project; needs no download.

    What it was trained on, how well it does and the command to train it again stand in its
    model card, `sepmodels/models/weights/<name>.md`.

    Args:
        name: str. Name of the weights. Defaults to `"dilated_conv_gru"`.

    Returns:
        `models.Separator`.

    Raises:
        ValueError: if no weights of that name ship.

    Example:

    >>> model = sm.load_pretrained()
    >>> model.sources
    ('vocals', 'accompaniment')
    """
    path = FOLDER / f"{name}.keras"
    if not path.exists():
        known = sorted(path.stem for path in FOLDER.glob("*.keras"))
        raise ValueError(f"name must be one of {known}. Received: name={name!r}")
    return load(path)


def load(path):
    """Load a separator that `train` or `model.save` wrote.

    Args:
        path: path of a `.keras` file.

    Returns:
        `models.Separator`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no Keras file, or holds another kind of model.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no weights at {str(path)!r}; pass a .keras file")
    try:
        model = keras.saving.load_model(path)
    except (ValueError, TypeError, OSError, KeyError) as error:
        raise ValueError(
            f"{str(path)!r} cannot be read as a Keras model; pass a .keras file that "
            "sepmodels wrote"
        ) from error
    if not isinstance(model, Separator):
        raise ValueError(
            f"{str(path)!r} holds a {type(model).__name__}, which separates nothing; pass a "
            ".keras file that sepmodels wrote"
        )
    return model
