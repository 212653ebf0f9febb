"""What all rooms share: a small folder of images, real processes, and who is running."""

import gc
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

# One test runs on each core: the threads of its libraries would wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from PIL import Image

gc.disable()  # until all tests are imported

# How long an example takes says more about the machine than about the code.
house = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=10)
settings.register_profile("house", house)
settings.register_profile("thorough", house, max_examples=30)  # of .ci/run, in all tiers
settings.register_profile("quick", house, max_examples=5)  # of tests/benchmarks/mutants.py
settings.load_profile("house")

# A shell ignores it for what it starts in the background, and processes inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def stay(number, frame):
    """Ignore a signal in this process alone: what it starts does not inherit a handler."""


# Under nohup it is ignored, and bnstat, if it is ignored when it starts, leaves it so.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, stay)


def pytest_collection_finish():
    """Leave libraries and tests, which stay, out of all that is searched for garbage."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items):
    """Begin with the slowest test, so that no process is left alone with it at the end."""
    items.sort(key=lambda item: "[mypy]" not in item.name)
    if "COVERAGE_PROCESS_START" in os.environ:
        for item in items:
            if item.get_closest_marker("uncovered"):
                item.add_marker(pytest.mark.skip(reason="coverage changes what it measures"))


def soft(rng, size, channels=3):
    """Return photo-like pixels: uint8 of shape (height, width, channels)."""
    coarse = rng.integers(0, 256, (6, 8, channels), dtype=np.uint8)
    planes = [Image.fromarray(coarse[..., c]).resize(size) for c in range(channels)]
    return np.stack([np.asarray(plane) for plane in planes], axis=2)


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A folder of six images of several kinds and sizes, and a text file; not to be changed."""
    folder = tmp_path_factory.mktemp("data") / "photos"
    (folder / "cats" / "young").mkdir(parents=True)
    (folder / "dogs").mkdir()
    rng = np.random.default_rng(7)
    Image.fromarray(soft(rng, (40, 30))).save(folder / "cats" / "1.jpg", quality=90)
    Image.fromarray(soft(rng, (31, 17))).save(folder / "cats" / "young" / "2.PNG")
    Image.fromarray(soft(rng, (64, 48))).save(folder / "dogs" / "1.jpeg", quality=75)
    Image.fromarray(soft(rng, (16, 16), 1)[..., 0]).save(folder / "dogs" / "gray.png")
    Image.fromarray(soft(rng, (24, 24), 1)[..., 0]).save(folder / "dogs" / "gray.jpg")
    Image.fromarray(soft(rng, (20, 12))).quantize(16).save(folder / "palette.png")
    (folder / "notes.txt").write_text("not an image")
    return folder


@pytest.fixture(scope="session")
def endless(tmp_path_factory):
    """A folder that takes a minute to measure: one JPEG of 2 megapixels under 3,000 names."""
    folder = tmp_path_factory.mktemp("endless")
    first = folder / "0000.jpg"
    Image.fromarray(soft(np.random.default_rng(7), (1600, 1200))).save(first)
    for i in range(1, 3000):
        os.link(first, folder / f"{i:04}.jpg")
    return folder


# What would change what processes print, or when they write it.
UNUSUAL = {"NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS"}
UNUSUAL |= {"PYTHONUNBUFFERED", "OMP_NUM_THREADS"}
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in UNUSUAL}


@pytest.fixture
def python(tmp_path):
    """Run Python with arguments in a folder of the test's own; return the finished process."""

    def run(*arguments, cwd=tmp_path, env=(), **keywords):
        return subprocess.run(
            [sys.executable, *map(os.fspath, arguments)],
            cwd=cwd,
            env=ENVIRONMENT | dict(env),
            **{"capture_output": True, "text": True, "timeout": 60} | keywords,
        )

    return run


@pytest.fixture
def in_process(capsys):
    """Run a command line of bnstat in this process; return status, out and err."""
    from bnstat.cli.app import run

    ending = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}

    def call(*arguments):
        capsys.readouterr()
        status = run([*map(os.fspath, arguments)])
        out, err = capsys.readouterr()
        return SimpleNamespace(status=status, out=out, err=err)

    yield call
    for number, handler in ending.items():
        signal.signal(number, handler)


@pytest.fixture
def start(tmp_path):
    """Start Python in a process group of its own, as a shell does; what is left is killed."""
    started = []

    def run(*arguments, cwd=tmp_path, env=(), **keywords):
        process = subprocess.Popen(
            [sys.executable, *map(os.fspath, arguments)],
            cwd=cwd,
            env=ENVIRONMENT | dict(env),
            start_new_session=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | keywords,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        for pid in group(process.pid):
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(pid, 9)
        process.communicate()


def table():
    """Return (parent, group, state) of each running process, from /proc."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            found[int(folder.name)] = (int(fields[1]), int(fields[2]), fields[0])
    return found


def group(leader):
    """Return the processes of a process group that have not ended."""
    return [pid for pid, (_, its, state) in table().items() if its == leader and state not in "ZX"]


def workers(main, start_method="fork"):
    """Return the workers of a process: the children of its fork server, or those it spawned."""
    running = table()
    children = [pid for pid, (parent, *_) in running.items() if parent == main]
    if start_method == "spawn":
        return [pid for pid in children if "engines.worker" in command(pid)]
    return [pid for pid, (parent, *_) in running.items() if parent in children]


def command(pid):
    """Return the command line of a process; of one that has just ended, nothing."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def eventually(condition, seconds=20):
    """Return what a condition gives as soon as that is true; fail if it stays false."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"still false after {seconds} s"
        time.sleep(0.005)
    return value


@pytest.fixture(scope="session")
def processes():
    """Who is running: `table()`, `group(leader)`, `workers(main)`; `eventually(condition)`."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("needs /proc")

    return SimpleNamespace(table=table, group=group, workers=workers, eventually=eventually)


@pytest.fixture
def contrast():
    """The contrast of two colours #rrggbb, from 1 to 21, as WCAG 2.2 defines it."""

    def luminance(color):
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def of(one, other):
        light, dark = sorted((luminance(one), luminance(other)), reverse=True)
        return (light + 0.05) / (dark + 0.05)

    return of
