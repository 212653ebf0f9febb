"""The corpus, and the modules that make it and judge what becomes of it."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOMS = (HERE, HERE.parent / "measure")
collect_ignore_glob = ["[!t]*.py"]  # these find one another only as scripts and fixtures do


@pytest.fixture(scope="session")
def making():
    """What corpora are made with, by module name."""
    with pytest.MonkeyPatch.context() as patch:
        for room in ROOMS:
            patch.syspath_prepend(room)
        import claims
        import damage
        import deadly
        import make
        import oracle
        import outcomes
        import whole

        yield {m.__name__: m for m in (claims, damage, deadly, make, oracle, outcomes, whole)}


@pytest.fixture(
    scope="session",
    params=[7, pytest.param(1, marks=pytest.mark.long)],
    ids=["one in seven", "all"],
)
def corpus(request, making, tmp_path_factory):
    """A corpus with one in some of its damages, and one with all of them; not to be changed."""
    folder = tmp_path_factory.mktemp("corpus")
    making["make"].corpus(folder, every=request.param)
    return folder


@pytest.fixture
def small(making, tmp_path):
    """A corpus of a few files, in an order that can be told."""

    def fill(**files):
        for name, data in files.items():
            (tmp_path / f"{name}.png").write_bytes(data)
        (tmp_path / "files").write_bytes(b"".join(b"%s.png\0" % n.encode() for n in files))
        return tmp_path

    return fill
