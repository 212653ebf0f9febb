"""The examples of docs/python.md run, one after the other."""

import re
from pathlib import Path

import bnstat

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "python.md").read_text()


def test_examples_run(tmp_path, monkeypatch, capsys):
    """Each block does, as it stands, in a folder with images."""
    from PIL import Image

    for name in ("train", "val"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for i in range(6):
            noise = Image.effect_noise((40 + i, 36), 80).convert("RGB")
            noise.save(tmp_path / "data" / name / f"{i}.png")
    (tmp_path / "data" / "train" / "broken.png").touch()
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
        exec(block, names)
    out = capsys.readouterr().out
    assert "<Stats of data/train: 6 images, 1 failed, mode RGB\n  R: mean " in out
    assert "broken.png is empty\n" in out
    assert "no folder or file data/tarin; check the path\n" in out
    assert {"bnstat.json", "figures.csv", "preprocessor_config.json"} <= {
        path.name for path in tmp_path.iterdir()
    }


def test_page_names_every_public_name():
    """What is public is on the page, or is an error."""
    errors = {name for name in bnstat.__all__ if name.endswith("Error")} - {"BnstatError"}
    names = set(bnstat.__all__) - errors - {"__version__"}
    assert [name for name in sorted(names) if f"`{name}" not in PAGE] == []
