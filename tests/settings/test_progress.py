"""progress=True shows a bar; what else is given is called as it is."""

import pytest

from bnstat.settings import Progress, Settings, complete
from bnstat.settings.running import ProgressBar


@pytest.mark.parametrize(("given", "expected"), [(False, None), (None, None), (print, print)])
def test_what_is_called(given, expected):
    """A function, or nothing."""
    assert complete(Settings, {"progress": given})["progress"] is expected


def test_a_bar_says_how_far_runs_are(capsys):
    """With failures; a run that begins anew has a bar of its own."""
    bar = complete(Settings, {"progress": True})["progress"]
    assert isinstance(bar, ProgressBar)
    for done in (Progress(0, 0, 0, None), Progress(3, 1, 9, 3), Progress(1, 0, 2, 2)):
        bar(done)
    bar(Progress(2, 0, 4, 2))
    shown = capsys.readouterr().err
    assert "3/3" in shown and "1 failed" in shown and "2/2" in shown
