"""The code that a user's pipeline depends on, as a journal knows it."""

import sys

import pytest
from PIL import Image

import bnstat
from bnstat.augment.user import digest_of_code
from bnstat.errors import JournalError

MODULES = {
    "pipes/__init__.py": "SIZE = 4\n",
    "pipes/train.py": (
        "from torchvision.transforms import v2\n"
        "from . import sizes\nimport beside\n"
        "def made():\n    from pipes.late import fill\n    return v2.Pad(sizes.PAD, fill=fill)\n"
    ),
    "pipes/sizes.py": "PAD = 1\n",
    "pipes/late.py": "fill = 9\n",
    "pipes/unused.py": "x = 1\n",
    "beside.py": "y = 2\n",
}


@pytest.fixture
def code(tmp_path, monkeypatch):
    """Modules of the user's in the current folder."""
    for name, source in MODULES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(source)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in ("pipes", "beside")]:
        del sys.modules[name]


@pytest.mark.parametrize("name", MODULES)
def test_source_of_all_that_is_imported(code, name):
    """Here and there, in functions and packages too; what is not imported does not matter."""
    before = digest_of_code("pipes.train:made")
    assert before == digest_of_code("pipes.train:made")
    (code / name).write_text(MODULES[name] + "# edited\n")
    assert (before == digest_of_code("pipes.train:made")) == (name == "pipes/unused.py")
    assert "pipes.train" not in sys.modules


def test_versions_of_packages(code, monkeypatch):
    """As of torchvision; its own source is not read."""
    before = digest_of_code("pipes.train:made")
    monkeypatch.setattr("bnstat.augment.user._distributions", lambda: {"torchvision": "0.1"})
    assert before != digest_of_code("pipes.train:made")


@pytest.mark.parametrize("where", ["nothing.here:x", "sys:path", "json:loads", "numpy:abs"])
def test_what_has_no_source_of_the_users(where):
    """Of no module at all, importing says so."""
    assert len(digest_of_code(where)) == 32


def test_a_journal_of_edited_code_is_refused(code):
    """Where the old figures came back."""
    (code / "images").mkdir()
    Image.new("RGB", (8, 8), (10, 20, 30)).save(code / "images" / "a.png")

    def compute():
        settings = {"augment": "pipes.train:made", "journal": "j.db", "workers": 1}
        return bnstat.compute(code / "images", **settings).mean.tolist()

    assert compute() == compute()
    (code / "pipes" / "late.py").write_text("fill = 200\n")
    with pytest.raises(JournalError, match="pipeline"):
        compute()
