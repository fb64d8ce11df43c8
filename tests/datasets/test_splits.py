"""The tables of splits are disjoint and agree with their sources."""

import collections
import importlib.util
import pathlib
import re

import numpy as np
import pytest

from sepmodels.datasets.corpora import splits

# Corpus, columns that say the part, columns whose values no two parts share.
TABLES = [
    ("musdb18", ("86/14", "75/25"), ("song",)),
    ("ccmixter", ("split",), ("song", "artist", "backing")),
    ("mir1k", ("disjoint",), ("clip", "singer", "song", "backing")),
]


@pytest.mark.parametrize(("corpus", "protocols", "columns"), TABLES)
def test_parts_share_no_songs_singers_or_backings(corpus, protocols, columns):
    rows = splits.read(corpus)
    assert len({row[columns[0]] for row in rows}) == len(rows)
    for protocol in protocols:
        for column in columns:
            parts = collections.defaultdict(set)
            for row in rows:
                parts[row[protocol]].add(row[column])
            assert len(parts) > 1
            assert set(parts) <= {"train", "valid", "test"}
            assert len(set.union(*parts.values())) == sum(map(len, parts.values()))


def test_every_table_that_ships_is_tested():
    folder = pathlib.Path(splits.__file__).parents[3] / "data" / "splits"
    assert {path.stem for path in folder.glob("*.csv")} == {corpus for corpus, *_ in TABLES}


def part(protocol, name):
    return [row["song"] for row in splits.read("musdb18") if row[protocol] == name]


def test_musdb18_has_100_songs_to_train_on_and_50_to_test_on():
    for protocol in ("86/14", "75/25"):
        counts = [len(part(protocol, name)) for name in ("train", "valid", "test")]
        assert counts == [*map(int, protocol.split("/")), 50]
    assert part("86/14", "test") == part("75/25", "test")


def test_the_86_14_list_is_that_of_the_package_musdb():
    package = importlib.util.find_spec("musdb").submodule_search_locations[0]
    text = (pathlib.Path(package) / "configs" / "mus.yaml").read_text(encoding="utf-8")
    listed = re.findall(r"^- '(.*)'$", text.partition("validation_tracks:")[2], re.MULTILINE)
    assert sorted(part("86/14", "valid")) == sorted(listed)


def test_the_75_25_list_is_numpys_choice_with_seed_1337():
    train = sorted(part("86/14", "train") + part("86/14", "valid"))
    chosen = np.random.RandomState(1337).choice(len(train), size=25, replace=False)
    assert part("75/25", "valid") == [train[number] for number in sorted(chosen)]


def test_ccmixter_has_45_and_5_songs():
    counts = collections.Counter(row["split"] for row in splits.read("ccmixter"))
    assert counts == {"train": 45, "test": 5}


def test_an_unknown_table():
    with pytest.raises(FileNotFoundError, match="nothing"):
        splits.read("nothing")
