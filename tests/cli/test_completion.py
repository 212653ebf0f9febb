"""A shell completes commands, options, presets, transforms and formats."""

import pytest


@pytest.fixture
def complete(process):
    """Return what bash completes a command line to."""

    def call(*words):
        env = {"_BNSTAT_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(["bnstat", *words])}
        result = process(env={**env, "COMP_CWORD": str(len(words))})
        assert (0, "") == (result.returncode, result.stderr)
        return [line.partition(",")[2] for line in result.stdout.splitlines()]

    return call


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts(process, shell):
    """Each shell gets a script that asks bnstat."""
    result = process(env={"_BNSTAT_COMPLETE": f"{shell}_source"})
    assert 0 == result.returncode
    assert f"_BNSTAT_COMPLETE={shell}_complete" in result.stdout


def test_values(complete):
    """Commands, presets, transforms (without importing torch) and formats."""
    assert ["compute", "compare"] == complete("comp")
    assert ["imagenet-eval", "imagenet-train"] == complete("compute", "--augment", "imagenet")
    assert ["CenterCrop"] == complete("compute", "--augment", "Center")
    assert ["safetensors"] == complete("export", "--format", "safe")


def test_help_of_a_command(bnstat):
    """`bnstat help COMMAND` is `bnstat COMMAND --help`; alone it is that of bnstat."""
    assert bnstat("compute", "--help").out == bnstat("help", "compute").out
    assert bnstat("--help").out == bnstat("help").out
    assert (2, "bnstat: no command 'x'; there are compute,") == (
        bnstat("help", "x").status,
        bnstat("help", "x").err[:42],
    )


def test_short_version(bnstat):
    """-V is --version."""
    assert bnstat("--version").out == bnstat("-V").out
