"""Download of an archive: resumed after an interruption, checked before it is used."""

import os
import pathlib
import urllib.error
import urllib.request
import zipfile

from tqdm.auto import tqdm

from sepmodels import _files


def fetch(url, path, checksum=None, progress=True):
    """Download a file. A call after an interrupted one resumes it.

    Args:
        url: str. Address of the file.
        path: path. Where to write it. Until it is complete and checked, it is `path + ".part"`.
        checksum: str. Such as `"md5:d41d8c..."` or `"sha256:..."`. Defaults to `None`: unchecked.
        progress: bool. Whether to show a progress bar. Defaults to `True`.

    Raises:
        ConnectionError: the address cannot be reached, or the connection broke off.
        ValueError: the file has another checksum.
    """
    path = pathlib.Path(path)
    part = path.with_name(path.name + ".part")
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            if answer.status != 206:  # the server sends the whole file
                have = 0
            left = int(answer.headers.get("Content-Length", 0))
            bar = tqdm(
                total=have + left, initial=have, unit="B", unit_scale=True, disable=not progress
            )
            with part.open("ab" if have else "wb") as file, bar:
                while block := answer.read(2**16):
                    file.write(block)
                    bar.update(len(block))
            missing = have + left - part.stat().st_size
    except urllib.error.HTTPError as error:
        if error.code != 416:  # all of it is here already
            raise ConnectionError(f"{url} answers {error.code} ({error.reason})") from None
        missing = 0
    except OSError as error:  # from urllib: no network, a time-out, a connection that broke off
        raise ConnectionError(_unreachable(url, path, error)) from None
    if missing > 0:
        raise ConnectionError(_unreachable(url, path, f"{missing} bytes are missing"))
    kind, _, wanted = (checksum or "").partition(":")
    if checksum is not None and (found := _files.compute_digest(part, kind)) != wanted:
        part.unlink()
        raise ValueError(
            f"{url} is not the expected file: its checksum is {kind}:{found}, not {checksum}; it "
            "was deleted. Try again, or pass the checksum that the publisher states today"
        )
    os.replace(part, path)


def unzip(path, folder):
    """Unpack an archive. Every file is compared with its checksum in the archive.

    Args:
        path: path. The archive.
        folder: path. Where to write its files.

    Raises:
        ValueError: the archive is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path} is damaged ({error}); delete it and fetch it again") from None


def _unreachable(url, path, why):
    return (
        f"{url} could not be fetched ({why}). Check the network; a later call resumes the "
        f"download. Or fetch the file by other means and save it as {path}"
    )
