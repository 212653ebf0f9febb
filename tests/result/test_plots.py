"""The pictures of a result."""

import json
from dataclasses import replace

from bnstat.result import Estimate, Group, Stats
from bnstat.result.plots import picture


def test_equal_channels_are_drawn_once(document):
    """As of gray images that were measured as RGB."""
    stats = Stats.from_json(json.dumps(document))
    gray = replace(
        stats,
        histogram=(stats.histogram[0],) * 3,
        methods={"two-pass": Estimate((0.5,) * 3, (0.04,) * 3)},
        groups={"a": Group(1, (4,) * 3, None, None, Estimate((0.5,) * 3, (0.04,) * 3))},
    )
    drawn = picture(gray, "histogram"), picture(gray, "groups")
    assert [each.channels for each in drawn] == [("R, G, B",)] * 2
    assert [len(each) for each in (drawn[0].counts, drawn[0].mean, drawn[1].mean[0])] == [1, 1, 1]
    assert picture(stats, "histogram").channels == ("R", "G", "B")
