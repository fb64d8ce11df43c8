"""`check_archive`: what a `.keras` file holds, examined before Keras reads it."""

import io
import json
import lzma
import zipfile
import zlib

import h5py
import keras

_MEMBERS = {"config.json": 2**24, "metadata.json": 2**16, "model.weights.h5": 2**31}  # bytes
_PLAIN = {"__keras_tensor__", "__tuple__", "__numpy__", "__tensor__", "__slice__", "__ellipsis__"}
# Classes of Keras that run code from a file or read files that it names.
_UNSAFE = {"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "StringLookup"}


def check_archive(path):
    """Raise `ValueError` unless a `.keras` file holds weights and classes known here, and no more.

    Keras has guards of its own, which published attacks have passed in many of its versions.
    So this function admits what `model.save` writes and refuses everything else: other members of
    the archive, sizes beyond a bound, classes that neither this library nor Keras defines, and
    weights that lie in other files or claim more bytes than the file has.

    Args:
        path: path of the file.

    Raises:
        ValueError: names what the file holds that it must not hold.
    """
    try:
        contents = _read_members(path)
    except (zipfile.BadZipFile, RuntimeError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise ValueError("it is not a .keras file, or is damaged") from error
    try:
        config = json.loads(contents["config.json"])
    except (ValueError, RecursionError) as error:
        raise ValueError("its config.json is not the description of a model") from error
    _check_classes(config)
    _check_weights(io.BytesIO(contents["model.weights.h5"]))


def _read_members(path):
    with zipfile.ZipFile(path) as archive:
        names = sorted(archive.namelist())
        _require(names == sorted(_MEMBERS), f"its members are not {sorted(_MEMBERS)}")
        for member in archive.infolist():
            fits = member.file_size <= _MEMBERS[member.filename]
            _require(fits, f"{member.filename} has {member.file_size} bytes, too many")
        return {name: archive.read(name) for name in names}


def _require(condition, fault):
    if not condition:
        raise ValueError(fault)


def _check_classes(config):
    remaining = [config]
    while remaining:
        value = remaining.pop()
        if isinstance(value, dict):
            remaining += value.values()
            name = value.get("class_name")
            if name is not None and name not in _PLAIN:
                module = str(value.get("module"))
                known = _is_known(name, value.get("registered_name"), module)
                _require(known, f"it names the class {name!r} of {module!r}, which is not allowed")
        elif isinstance(value, list):
            remaining += value


def _is_known(name, registered, module):
    if name == "function":  # a loss or metric, named as Keras names its own
        return module == "builtins"
    if str(registered).startswith("sepmodels>"):
        return keras.saving.get_registered_object(registered) is not None
    return f"{module}.".startswith("keras.") and name not in _UNSAFE and registered in (None, name)


def _check_weights(file):
    size, total = file.getbuffer().nbytes, 0
    try:
        with h5py.File(file) as weights:
            groups = [weights]
            while groups:
                group = groups.pop()
                for name in group:
                    linked = not isinstance(group.get(name, getlink=True), h5py.HardLink)
                    _require(not linked, f"its weights link elsewhere, at {name!r}")
                    item = group[name]
                    if isinstance(item, h5py.Group):
                        groups.append(item)
                        continue
                    total += item.nbytes
                    elsewhere = item.external or item.is_virtual or total > size
                    _require(not elsewhere, f"its weights are not in the file, at {name!r}")
    except (OSError, RuntimeError, KeyError, TypeError) as error:
        raise ValueError("its model.weights.h5 is damaged") from error
