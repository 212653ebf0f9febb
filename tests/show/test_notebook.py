"""Values show their reports: as HTML in a notebook, and in rich's print."""

import io
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from rich.console import Console

from bnstat.result import Failure
from bnstat.result.distribution import Occurring
from bnstat.result.explanation import Digits, Explained, Explanation
from bnstat.result.found_images import Duplicates, EqualImages, Outlier, Outliers
from bnstat.result.running_statistics import LayerShift, Recalibration
from bnstat.show import report, text

HOSTILE = "<script>alert(1)</script>&amp;"


def values(stats, comparison, sweep):
    """Return one value of each kind; a name in it looks like HTML."""
    outlier = Outlier(HOSTILE, "", None, ("dark",), (9.0,), 9.0, (0.1,), (0.1,), (0.2,), (0.3,))
    digits = Explained(Digits.of(["0.5"]), ())
    return {
        "stats": replace(stats, source=replace(stats.source, locations=(HOSTILE,))),
        "comparison": replace(
            comparison, rows=(*comparison.rows[:1], replace(comparison.rows[1], name=HOSTILE))
        ),
        "sweep": sweep,
        "outliers": Outliers(3, ("L",), 5.0, 1, 1, 1, (outlier,)),
        "duplicates": Duplicates(2, 2, (EqualImages((HOSTILE, "b"), 2, 2, "L", False),), ()),
        "recalibration": Recalibration(
            "m",
            None,
            None,
            "x",
            1,
            1,
            (LayerShift(HOSTILE, 1, 4, 0.1, 0.1, 0.9, 1.1),),
            (),
            1,
            0.0,
            True,
            (Failure("a", "b"),),
        ),
        "explanation": Explanation(
            HOSTILE, 2, ("L",), digits, digits, (0.5,), (0.5,), (0.0,), (1.0,)
        ),
    }


KINDS = ("stats", "comparison", "sweep", "outliers", "duplicates", "recalibration", "explanation")

# Their reports name nothing of the user's.
NAMELESS = ("sweep", "explanation")


class Cells(HTMLParser):
    """Collects tags and text, and checks that tags are closed."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self.open = [], "", []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        """Keep a tag."""
        self.tags.append(tag)
        self.open += [tag] * (tag not in {"img", "br"})

    def handle_endtag(self, tag):
        """Close the tag that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Keep text."""
        self.text += data


@pytest.mark.parametrize("kind", KINDS)
def test_a_notebook_shows_the_report(stats, comparison, sweep, kind):
    """As HTML in which names are text."""
    cells = Cells(values(stats, comparison, sweep)[kind]._repr_html_())
    assert cells.open == [] and "script" not in cells.tags
    assert kind in NAMELESS or HOSTILE in cells.text
    assert "table" in cells.tags or kind in ("duplicates", "explanation")


@pytest.mark.parametrize("kind", ["comparison", "sweep", "recalibration"])
def test_a_session_shows_the_report(stats, comparison, sweep, kind):
    """As plain text, whose first line is the answer."""
    value = values(stats, comparison, sweep)[kind]
    assert repr(value) == text(report(value, verbose=False)).rstrip()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [40, 120])
def test_rich_prints_the_report(stats, comparison, sweep, kind, width):
    """In the width that there is; what is long is folded, and nothing is lost."""
    console = Console(file=io.StringIO(), width=width)
    console.print(values(stats, comparison, sweep)[kind])
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= width
    ends = HOSTILE[:8], HOSTILE[-9:]  # where a path is too long, its end is shown
    assert kind in NAMELESS or any(end in text for end in ends)


def test_a_result_has_a_small_histogram(stats):
    """A line for each channel, 8 and 16 bits; float samples have none."""
    html = stats._repr_html_()
    assert html.count("<polyline") == 3 and "<title>G</title>" in html
    counts = (Occurring((0, 65535), (3, 1)),) * 3
    deep = replace(stats, histogram=None, scale=65535, sparse_histogram=counts)
    first = deep._repr_html_().partition('points="')[2].partition('"')[0].split()
    assert (first[0], first[1], first[-1]) == ("2,1.0", "6,39.0", "254,26.3")
    assert "<svg" not in replace(deep, scale=1, sparse_histogram=None)._repr_html_()


def test_a_shard_without_images_can_be_shown(stats):
    """It has no figures; nothing is raised."""
    empty = replace(stats, channels=(), count=(), histogram=(), methods={"two-pass": None})
    assert "<table" not in empty._repr_html_()
