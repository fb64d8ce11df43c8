"""Fetching the sample of MUSDB18 from a server in this process: checked, or refused."""

import functools
import hashlib
import http.server
import io
import threading
import zipfile

import numpy as np
import pytest

from sepmodels.datasets.corpora import musdb

NAMES = ("train/A - 歌.stem.mp4", "test/B - b.stem.mp4")


class Server(http.server.BaseHTTPRequestHandler):
    """Serves `content`; breaks off after `most` bytes."""

    content, most = b"", None

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content[: self.most])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name in NAMES:
            archive.writestr(name, np.random.default_rng(0).bytes(50_000))

    class Fresh(Server):
        content = memory.getvalue()

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Fresh)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield Fresh, f"http://127.0.0.1:{listening.server_port}/sample.zip"
    listening.shutdown()
    thread.join()
    listening.server_close()


def fetch(root, url, checksum=None):
    musdb.fetch_sample(root, url, checksum, progress=False)


def files(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_an_interrupted_download_leaves_nothing_and_is_repeated(server, tmp_path):
    settings, url = server
    settings.most = 30_000
    with pytest.raises(ConnectionError, match=r"sample\.zip could not be fetched"):
        fetch(tmp_path, url)
    assert files(tmp_path) == []
    settings.most = None
    fetch(tmp_path, url, f"sha256:{hashlib.sha256(settings.content).hexdigest()}")
    assert files(tmp_path) == sorted(NAMES)
    assert (tmp_path / NAMES[0]).read_bytes() == np.random.default_rng(0).bytes(50_000)


@pytest.mark.parametrize("checked", [True, False])
def test_an_archive_fetched_by_other_means_is_not_fetched_again(server, tmp_path, checked):
    settings, url = server
    (tmp_path / "sample.zip").write_bytes(settings.content)
    checksum = f"md5:{hashlib.md5(settings.content).hexdigest()}" if checked else None
    settings.content = b""
    fetch(tmp_path, url, checksum)
    assert files(tmp_path) == sorted(NAMES)


def test_a_wrong_checksum_and_a_damaged_archive_are_refused(server, tmp_path):
    settings, url = server
    with pytest.raises(ValueError, match=r"MD5 hash of downloaded file \(sample\.zip\).*md5:abc"):
        fetch(tmp_path, url, "md5:abc")
    assert files(tmp_path) == []
    middle = len(settings.content) // 4
    flipped = bytes([settings.content[middle] ^ 1])
    settings.content = settings.content[:middle] + flipped + settings.content[middle + 1 :]
    with pytest.raises(ValueError, match=r"sample\.zip is damaged.*歌"):
        fetch(tmp_path, url)
    assert not (tmp_path / "train").exists()


def test_network_errors_are_reported_in_one_line(server, tmp_path, monkeypatch):
    with http.server.HTTPServer(("127.0.0.1", 0), Server) as nobody:
        closed = f"http://127.0.0.1:{nobody.server_port}/x.zip"
    fetch_closed = functools.partial(musdb.fetch_sample, url=closed)
    monkeypatch.setattr(musdb, "fetch_sample", fetch_closed)
    with pytest.raises(ConnectionError, match=r"x\.zip could not be .*save it as") as why:
        musdb.load(tmp_path, download=True)
    assert "\n" not in str(why.value)
    monkeypatch.undo()
    monkeypatch.setattr(server[0], "do_GET", lambda self: self.send_error(404))
    with pytest.raises(ConnectionError, match="404"):
        fetch(tmp_path, server[1])
