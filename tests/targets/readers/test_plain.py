"""What reads JSON, YAML, TOML, CSV and shell variables reads what is written in them."""

import csv
import json
import subprocess
import tomllib

import pytest
import yaml

CROPPED = "Resize(256) | CenterCrop(224)"


def table(text):
    """Return what a table says, as the other formats say it."""
    rows = list(csv.DictReader(text.splitlines()))
    lists = {name: [float(row[name]) for row in rows] for name in ("mean", "std", "var")}
    channels = [row["channel"] for row in rows]
    counts = {name: int(rows[0][name]) for name in ("count", "scale")}
    return dict(rows[0]) | lists | counts | {"channels": channels}


READERS = {"json": json.loads, "yaml": yaml.safe_load, "toml": tomllib.loads, "csv": table}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
@pytest.mark.parametrize("scale", [1, 255])
def test_it_normalizes(measured, export, name, mode, scale):
    """Images in [0, scale]; the variance is the square of the std."""
    result = measured(mode)
    found = READERS[name](export(result, name, "--scale", str(scale)).read_text())

    assert result.agrees(
        ((result.pixels * (scale / 255) - found["mean"]) / found["std"]).transpose(2, 0, 1)
    )
    assert [std**2 for std in found["std"]] == pytest.approx(found["var"], rel=1e-6)
    assert (found["scale"], found["count"]) == (scale, result.stats.count[0])
    assert tuple(found["channels"]) == result.stats.channels


@pytest.mark.parametrize("name", READERS)
def test_it_says_where_it_comes_from(measured, export, name):
    """Source, pipeline, number of images, mode, method, version and date."""
    result = measured("RGB", CROPPED)
    found = READERS[name](export(result, name, "--method", "batchnorm").read_text())

    assert {key: found[key] for key in ("source", "pipeline", "images", "mode", "method")} == {
        "source": result.stats.source.locations[0],
        "pipeline": CROPPED,
        "images": "4" if name in ("csv", "env") else 4,
        "mode": "RGB",
        "method": "batchnorm",
    }
    assert (found["bnstat"], found["created"]) == (result.stats.bnstat, result.stats.created)


@pytest.mark.parametrize("name", READERS)
def test_three_digits(measured, export, name):
    """So many as were asked for."""
    result = measured()
    found = READERS[name](export(result, name, "--precision", "3").read_text())

    assert found["mean"] == [float(f"{mean:.3g}") for mean in result.stats.mean]


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_shell_variables(measured, export, shell, mode):
    """Sourced, they are words of a command line."""
    result = measured(mode)
    file = export(result, "env")
    program = f'set -eu; . "{file}"; printf "%s\\n" $BNSTAT_MEAN -- $BNSTAT_STD -- $BNSTAT_CHANNELS'
    done = subprocess.run([shell, "-c", program], capture_output=True, text=True, check=True)
    mean, std, channels = (part.split() for part in done.stdout.split("--"))
    found = (result.pixels / 255 - [float(m) for m in mean]) / [float(s) for s in std]

    assert result.agrees(found.transpose(2, 0, 1))
    assert tuple(channels) == result.stats.channels
