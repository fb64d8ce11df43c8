"""Scores in files of others: read as numbers, or refused in one error that names the file."""

import hypothesis
import numpy as np
import pytest
from json_mutants import mutants

from sepmodels.evaluation import museval_json

METRICS = {"SDR": 6.0, "SIR": 14.0, "SAR": 7.0, "ISR": 11.0}
FRAMES = [{"time": float(i), "duration": 1.0, "metrics": METRICS} for i in range(2)]
SCORES = {"targets": [{"name": name, "frames": FRAMES} for name in ("vocals", "drums")]}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("scores") / "song.json"


@hypothesis.settings(max_examples=600, deadline=None, derandomize=True)
@hypothesis.given(content=mutants(SCORES))
def test_any_content_gives_a_table_of_numbers_or_one_error(path, content):
    path.write_bytes(content)
    try:
        table = museval_json.read(path)
    except ValueError as error:
        assert str(path) in str(error) and "museval's form" in str(error)
        return
    assert list(table) == ["track", "source", "second", *METRICS]
    for column in ("second", *METRICS):
        assert table[column].dtype.kind in "fi" or table.empty
    assert all(isinstance(name, str) for name in table["source"])


def test_a_missing_number_is_nan(path):
    frame = '{"time": 0, "metrics": {"SDR": null, "SIR": NaN}}'
    path.write_text(f'{{"targets": [{{"name": "vocals", "frames": [{frame}]}}]}}')
    table = museval_json.read(path)
    assert np.isnan(table[[*METRICS]].to_numpy()).all() and table["second"].tolist() == [0.0]


def test_files_of_operating_systems_are_not_scores(path):
    path.write_text('{"targets": []}')
    for name in ("._song.json", "__MACOSX/song.json", "@eaDir/song.json"):
        (path.parent / name).parent.mkdir(exist_ok=True)
        (path.parent / name).write_bytes(b"\0\5\26\7")
    assert museval_json.read_folder(path.parent).empty
