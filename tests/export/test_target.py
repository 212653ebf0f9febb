"""The registry of targets, and what each has."""

import inspect
from dataclasses import replace

import pytest

from bnstat.errors import ExportError
from bnstat.export import TARGETS
from bnstat.export.target import Target, chosen

each_target = pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))


@each_target
def test_targets_stand_under_their_names(target):
    """`--format NAME` finds the target that calls itself so."""
    assert TARGETS[target.name] is target


@each_target
def test_a_target_renders_bytes_with_its_defaults(target, stats):
    """A result and a method are all it needs."""
    assert isinstance(target.render(stats, "two-pass"), bytes)


@each_target
def test_every_option_has_a_default(target):
    """Options are keyword-only parameters; none must be given."""
    parameters = inspect.signature(target.render).parameters.values()

    assert [p.name for p in parameters][:2] == ["stats", "method"]
    assert all(p.default is not p.empty for p in parameters if p.name in target.options)


@each_target
def test_what_is_written_passes_its_own_check(target, stats):
    """A check that a good file fails would be none."""
    if target.check is not None:
        assert target.check(target.render(stats, "two-pass"))


@each_target
def test_binary_has_a_default_file(target):
    """Binary never goes to a terminal by default."""
    assert not target.binary or target.file


def test_options_are_the_keyword_only_parameters():
    """The signature is the only list of them."""

    def render(stats, method="two-pass", *, colour, size=3):
        return b""

    assert Target("t", "text", render).options == {"colour", "size"}
    assert Target("t", "text", lambda stats, method: b"").options == frozenset()


def test_options_of_the_targets():
    """What the command line offers for each."""
    assert TARGETS["normalize"].options == frozenset()
    assert TARGETS["state_dict"].options == {"affine", "prefix", "absorb_eps"}


@pytest.mark.parametrize("method", ["two-pass", "welford", "batchnorm"])
def test_the_chosen_method_s_figures_are_taken(stats, method):
    """Each by its name."""
    assert chosen(stats, method) is stats.methods[method]


def test_an_unknown_method_is_refused(stats):
    """With those that there are."""
    with pytest.raises(ExportError) as refused:
        chosen(stats, "median")

    assert str(refused.value) == "no method 'median'; there are two-pass, welford, batchnorm"


def test_a_method_that_could_not_be_had_is_refused(stats):
    """With the cause that stands in the document, and the way out."""
    stats = replace(
        stats,
        methods={**stats.methods, "batchnorm": None},
        reasons={"batchnorm": "a batch has one sample"},
    )
    with pytest.raises(ExportError) as refused:
        chosen(stats, "batchnorm")

    assert str(refused.value) == (
        "the result has no batchnorm figures: a batch has one sample; try --method two-pass"
    )
