"""One definition of the settings: what has its keywords, options and tables from it."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from bnstat import compare, compute, sweep
from bnstat.cli.app import app
from bnstat.estimators import Schedule
from bnstat.settings import MeasureSettings, Settings, SweepSettings, complete, settings_of

ROOT = Path(__file__).parents[2]
KINDS = {"compute": (compute, Settings), "compare": (compare, Settings)}
KINDS["sweep"] = (sweep, SweepSettings)

SNIPPET = """\
import bnstat
bnstat.compute("a", epochs=2, momentum=None, mode="native")
bnstat.compare("a", epochs=2, momentum=None, mode="native")
bnstat.sweep("a", epochs=2, momenta=[None, 0.1], mode="native")
bnstat.compute("a", epoch=2)
bnstat.compare("a", epoch=2)
bnstat.sweep("a", epoch=2)
bnstat.compute("a", epochs="2")
bnstat.compare("a", epochs="2")
bnstat.sweep("a", epochs="2")
bnstat.compute("a", mode="CMYK")
bnstat.compare("a", mode="CMYK")
bnstat.sweep("a", mode="CMYK")
bnstat.sweep("a", batch_size=8)
"""


@pytest.mark.long
def test_mypy_sees_a_wrong_setting_in_all_three(tmp_path):
    """A wrong name, type or choice is an error of mypy --strict; what is right is none."""
    (tmp_path / "snippet.py").write_text(SNIPPET)
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-error-summary",
        "--hide-error-context",
    ]
    command += ["--config-file", str(ROOT / "pyproject.toml")]
    command += ["--cache-dir", str(ROOT / ".mypy_cache"), str(tmp_path / "snippet.py")]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    errors = re.findall(r"snippet.py:(\d+): error: .*\[(.*)\]", found)
    names = [(str(line), "call-arg") for line in (5, 6, 7)]
    types = [(str(line), "arg-type") for line in range(8, 14)]
    assert [*names, *types, ("14", "call-arg")] == errors, found


@pytest.mark.parametrize("name", KINDS)
def test_signature_and_docstring_tell_all_settings(name):
    """What help() shows has each setting with its default, and says what it does."""
    function, kind = KINDS[name]
    parameters = inspect.signature(function).parameters
    for setting in settings_of(kind).values():
        assert (name, setting.default) == (name, parameters[setting.name].default)
        assert setting.name == re.findall(rf"^{setting.name}$", function.__doc__, re.M)[0]
    assert not any(p.kind is p.VAR_KEYWORD for p in parameters.values())


@pytest.mark.parametrize("name", KINDS)
def test_command_line_has_an_option_for_each_setting(name):
    """But for what is an object, each setting is an option under its name, and says its default."""
    command = app.get_command(click.Context(app), name)
    options = {p.name: p for p in command.params if isinstance(p, click.Option)}
    for setting in settings_of(KINDS[name][1]).values():
        if setting.option is None:
            assert setting.name in ("progress", "image", "batched", "random")
            continue
        option = options[setting.name]
        assert [setting.option] == option.opts
        assert setting.help in option.help
        if setting.type is not bool:
            document = {"compare": "the baseline's", "sweep": "the result's"}.get(name)
            taken = document is not None and setting.recorded_in
            default = document if taken else setting.text(setting.default)
            assert f"[default: {default}]" in option.help, setting.name


def test_settings_are_complete():
    """What is given counts, else what is known from elsewhere, else the default."""
    used = complete(Settings, {"epochs": 3, "momentum": None}, {"epochs": 2, "mode": "L"})
    assert (3, None, "L", 64) == tuple(
        used[name] for name in ("epochs", "momentum", "mode", "batch_size")
    )
    assert list(settings_of(Settings)) == list(used)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"epochs": 0}, "epochs must be in [1, 10000], is 0"),
        ({"epochs": 1.5}, "epochs must be an integer, is 1.5"),
        ({"batch_size": "64"}, "batch_size must be an integer, is '64'"),
        ({"max_bytes": 0}, "max_bytes must be at least 1 or None, is 0"),
        ({"workers": 0}, "workers must be at least 1 or None, is 0"),
        ({"timeout": -1}, "timeout must be in [0, 1e+06] or None, is -1"),
        ({"timeout": float("nan")}, "timeout must be in [0, 1e+06] or None, is nan"),
        ({"momentum": 0.0}, "momentum must be in (0, 1] or None, is 0.0"),
        ({"momentum": "much"}, "momentum must be a number, is 'much'"),
        (
            {"mode": "CMYK"},
            "mode must be one of ('RGB', 'L', 'RGBA', 'native', 'bands'), is 'CMYK'",
        ),
        ({"order": None}, "order must be one of ('shuffled', 'listed'), is None"),
        ({"engine": "spark"}, "engine: 'spark' is not processes, "),
        ({"alpha": "none"}, "alpha: 'none' is not drop, exclude or over:COLOR"),
        ({"alpha": "over:nothing"}, "alpha: unknown color specifier: 'nothing'"),
        ({"nodata": "7;8"}, "nodata: '7;8' is not a number, numbers with commas, or auto"),
        ({"sample": "half"}, "sample: 'half' is neither a number of images nor a percentage"),
        ({"by": "labels.txt"}, "by: 'labels.txt' is neither folder nor a file FILE.csv"),
    ],
    ids=str,
)
def test_what_has_no_meaning_is_refused(given, says):
    """The error names the setting, its values and what was given."""
    with pytest.raises(ValueError, match="^" + re.escape(says)):
        complete(Settings, given)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ({"alpha": "over:#ff0000"}, "over:#ff0000"),
        ({"alpha": "exclude"}, "exclude"),
        ({"nodata": 0}, "0"),
        ({"nodata": (7, 8, 9)}, "7,8,9"),
        ({"nodata": float("nan")}, "nan"),
        ({"nodata": "auto"}, "auto"),
        ({"sample": 30}, "30"),
        ({"by": "Labels.CSV"}, "Labels.CSV"),
    ],
    ids=str,
)
def test_what_has_a_meaning_is_taken(given, used):
    """As it is typed on the command line."""
    assert [complete(Settings, given)[name] for name in given] == [used]


@pytest.mark.parametrize("given", [(), "8,32", [8, 0], [8, None]], ids=repr)
def test_several_values_are_each_checked(given):
    """A grid has one value at least, each in the range; text is not several."""
    with pytest.raises(ValueError, match=r"^batch_sizes must be "):
        complete(SweepSettings, {"batch_sizes": given})


def test_unknown_setting_is_refused():
    """A misspelt keyword is an error, with the one that was meant, as for any function."""
    for function in (compute, compare, sweep):
        with pytest.raises(
            TypeError, match="unexpected keyword argument 'epoch'; did you mean epo"
        ):
            function("nowhere", epoch=2)


def test_a_misspelt_parameter_is_named_too():
    """It need not be a setting."""
    for function, meant in ((compute, "augment"), (compare, "augment"), (sweep, "augment")):
        with pytest.raises(TypeError, match=f"argument 'augmnt'; did you mean {meant}"):
            function("nowhere", augmnt="x")


def test_defaults_are_those_of_what_they_are_passed_to():
    """The schedule of batchnorm has the same defaults as the settings."""
    defaults = complete(Settings, {})
    names = ("batch_size", "momentum", "order", "seed", "epochs")
    assert Schedule(*(defaults[name] for name in names)) == Schedule()


def test_typed_values_are_what_help_texts_show():
    """Each default, typed as it is shown, is that default."""
    for setting in (settings_of(Settings) | settings_of(SweepSettings)).values():
        if setting.default is not None and setting.type is not bool:
            assert setting.default == setting.parse(setting.text(setting.default)), setting.name
    assert settings_of(Settings)["momentum"].parse("cumulative") is None


def test_sweep_measures_as_compute_does():
    """The settings of sweep but for the grid are those of compute but for the schedule."""
    assert settings_of(MeasureSettings).items() <= settings_of(Settings).items()
    assert settings_of(MeasureSettings).items() <= settings_of(SweepSettings).items()
