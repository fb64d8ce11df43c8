"""Both aggregates, the coverage of intervals, and the significance of differences."""

import numpy as np
import pandas as pd
import pytest

from sepmodels import display
from sepmodels.evaluation import museval_json, sisec2018, statistics


def table_of(**tracks):
    rows = [
        {"track": track, "source": "vocals", "second": float(i), "SDR": score}
        for track, scores in tracks.items()
        for i, score in enumerate(scores)
    ]
    return pd.DataFrame(rows)


def test_both_aggregates_are_labelled_and_differ():
    lines = statistics.aggregate(table_of(a=[1, 1, 1, 1, np.nan], b=[5.0], c=[7.0, np.inf]))
    lines = lines.xs("estimate", level="system").loc["vocals"]
    assert lines["SDR"].to_dict() == {
        "median of track medians": 5.0,
        "median of all windows": 1.0,
    }
    assert (lines["tracks"] == 3).all() and (lines["windows"] == 8).all()
    assert (lines["silent"] == 2).all()  # one silent, one perfect: museval keeps neither


def test_the_share_of_the_gap_between_floor_and_ceiling():
    table = pd.concat(
        table_of(a=[level, level + 1], b=[level + 4.0]).assign(system=system)
        for system, level in (("mixture", 0), ("estimate", 3), ("oracle", 12))
    )
    shares = statistics.aggregate(table)["share"].unstack("system")
    np.testing.assert_allclose(shares[["mixture", "estimate", "oracle"]], [[0, 0.25, 1]] * 2)


def test_an_interval_has_its_nominal_coverage():
    draws = np.random.default_rng(0).normal(size=(100, 25))
    intervals = [statistics.bootstrap(draw, statistic=np.mean, resamples=400) for draw in draws]
    assert 85 <= sum(low < 0 < high for low, high in intervals) <= 99
    assert statistics.bootstrap(draws[0]) == statistics.bootstrap(draws[0])
    assert np.isnan(statistics.bootstrap([1.0, np.nan])).all()


def test_a_small_consistent_gain_is_significant_and_noise_is_not():
    songs = np.random.default_rng(0).normal(5, 3, size=30)  # songs differ more than systems
    first = pd.Series(songs, index=[f"song {i}" for i in range(30)])
    noise = np.random.default_rng(1).normal(0, 0.3, size=30)
    better = statistics.compare(first + 0.3 + noise, first)
    assert better.p_value < 0.001 and better.low > 0
    assert better.tracks == 30 and better.difference == pytest.approx(0.3, abs=0.15)
    equal = statistics.compare(first + noise - np.median(noise), first)
    assert equal.p_value > 0.05 and equal.low < 0 < equal.high
    assert statistics.compare(first, first).p_value == 1.0


def test_songs_are_paired_by_name():
    found = statistics.compare({"a": 1.0, "b": 2.0, "c": np.nan}, {"b": 1.0, "a": 0.0, "d": 9.0})
    assert found[:2] == (2, 1.0)
    with pytest.raises(ValueError, match="at least two tracks"):
        statistics.compare({"a": 1.0}, {"a": 2.0})


def test_the_published_table_is_complete():
    table = sisec2018.load()
    assert not table.duplicated(["system", "source", "measure", "aggregate"]).any()
    assert set(table["aggregate"]) == {statistics.TRACKS, statistics.WINDOWS}
    main = table.query("measure == 'SDR' and aggregate == @statistics.TRACKS")
    assert main["system"].nunique() == 22 and (main["source"] == "vocals").sum() == 22
    vocals = main[main["source"] == "vocals"].set_index("system")["median"]
    assert vocals[["IRM2", "MIX", "TAK1", "STL1"]].tolist() == [9.43, 1.12, 6.60, 4.97]
    assert vocals.drop(["IRM2", "MWF", "IRM1", "IBM1", "IBM2"]).max() < vocals[["IRM2"]].item()


def test_files_without_scores_are_refused(tmp_path):
    (tmp_path / "other.json").write_text('{"epochs": 3}')
    with pytest.raises(ValueError, match="museval's form"):
        museval_json.read_folder(tmp_path)
    with pytest.raises(FileNotFoundError, match="song.json"):
        museval_json.read_folder(tmp_path / "empty")
    with pytest.raises(ValueError, match=r"\['SIR', 'SAR', 'ISR'\]: compute it with"):
        museval_json.write(tmp_path / "song.json", table_of(a=[1.0]))


def test_the_figure_ranks_an_estimate_among_the_published_systems():
    table = table_of(a=[5.0, 5.2], b=[6.0, 6.4], c=[7.0])
    axes = display.plot_sisec_comparison(table, title="Third").axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[:2] == ["IRM2", "MWF"] and names[-1] == "MIX"
    own = names.index("your estimate")
    assert names[own - 1] == "UHL3" and names[own + 1] == "UHL2"  # 6.51 > 6.2 > 5.93
    (box,) = axes.patches
    assert box.get_x() == pytest.approx(5.65) and box.get_width() == pytest.approx(0.95)
    assert axes.get_title(loc="left") == "Third"
    with pytest.raises(ValueError, match="measure='SIR'"):
        display.plot_sisec_comparison(table, measure="SIR")
