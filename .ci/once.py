"""Run each test once: a run with this pytest plugin leaves out what an earlier one has run.

What was skipped, because a library is missing, has not run: it is there again when the library is.
"""

from pathlib import Path

RAN = Path(__file__).parents[1] / "build" / "ran"
_ran = set()


def pytest_collection_modifyitems(config, items):
    """Leave out what the runs before have run."""
    before = set(RAN.read_text().splitlines()) if RAN.exists() else set()
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in before])
    items[:] = [item for item in items if item.nodeid not in before]


def pytest_runtest_logreport(report):
    """Note what has run."""
    if report.when == "call" and not report.skipped:
        _ran.add(report.nodeid)


def pytest_sessionfinish(session):
    """Add it to what the runs before have run."""
    if not hasattr(session.config, "workerinput"):  # xdist's workers report to their caller
        RAN.parent.mkdir(exist_ok=True)
        with RAN.open("a") as file:
            file.writelines(f"{nodeid}\n" for nodeid in sorted(_ran))
