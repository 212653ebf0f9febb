"""The registry of targets, and what each has."""

import inspect
from dataclasses import replace

import pytest

from bnstat.errors import ExportError
from bnstat.targets import TARGETS
from bnstat.targets.table import Target

NEEDS = {"onnx": "onnx"}
each_target = pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))


@pytest.fixture(autouse=True)
def needed(request):
    """Skip what is asked of a target whose library is missing."""
    target = getattr(request.node, "callspec", None) and request.node.callspec.params.get("target")
    if target is not None and target.name in NEEDS:
        pytest.importorskip(NEEDS[target.name], reason=f"{NEEDS[target.name]} is missing")


@each_target
def test_targets_stand_under_their_names(target):
    """`--format NAME` finds the target that calls itself so."""
    assert TARGETS[target.name] is target


@each_target
def test_a_target_renders_bytes_with_its_defaults(target, stats):
    """Figures are all it needs."""
    assert isinstance(target.render(target.figures(stats)), bytes)


@each_target
def test_every_option_has_a_default(target):
    """Options are keyword-only parameters; none must be given."""
    parameters = inspect.signature(target.render).parameters.values()

    assert next(p.name for p in parameters) == "figures"
    assert all(p.default is not p.empty for p in parameters if p.name in target.options)


@pytest.mark.parametrize("name", [name for name in TARGETS if TARGETS[name].check is not None])
def test_what_is_written_passes_its_own_check(name, stats):
    """A check that a good file fails would be none; one that a broken file passes neither."""
    target = TARGETS[name]
    data = target.render(target.figures(stats))
    assert target.check(data)
    with pytest.raises(ExportError):
        target.check(data[: len(data) // 2])


DIVIDING = TARGETS.keys() - {"json", "yaml", "toml", "csv", "env"}
DIVIDING -= {"keras", "flax", "state_dict", "safetensors"}  # they have a variance, and an eps


@pytest.mark.parametrize("name", sorted(DIVIDING))
def test_no_form_divides_by_zero(name, stats):
    """A std of 0, also one that is 0 as float32, is refused with the channel's name."""
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    target, exact = TARGETS[name], stats.methods["two-pass"]
    for var in (0.0, 1e-100):
        flat = replace(exact, var=(*exact.var[:2], var))
        with pytest.raises(
            ExportError, match=r"^channel B has std 0, as all its samples are equal;"
        ):
            target.render(target.figures(replace(stats, methods={"two-pass": flat})))


def test_every_target_has_a_file_of_its_own():
    """All can be written into one folder."""
    files = [file for t in TARGETS.values() for file in (t.file, *t.variants.values())]

    assert len(set(files)) == len(files)
    assert all("/" not in file for file in files)


def test_options_are_the_keyword_only_parameters():
    """The signature is the only list of them."""

    def render(figures, *, colour, size=3):
        return b""

    assert Target("t", "text", render, "t.txt").options == {"colour", "size"}
    assert Target("t", "text", lambda figures: b"", "t.txt").options == frozenset()


def test_variants_are_named_by_options():
    """Each is what one of the target's options makes."""
    for target in TARGETS.values():
        assert target.variants.keys() <= target.options
        assert target.file_with({}) == target.file
        assert target.file_with(dict.fromkeys(target.variants, False)) == target.file
        for option, file in target.variants.items():
            assert target.file_with({option: True}) == file


def test_options_of_the_targets():
    """What the command line offers for each."""
    assert TARGETS["normalize"].options == frozenset()
    assert TARGETS["state_dict"].options == {"affine", "prefix", "absorb_eps"}


class TestFigures:
    """What a target asks of a result, and what it cannot have."""

    def test_defaults(self, stats):
        """The first of the target's scales and orders."""
        assert TARGETS["normalize"].figures(stats).scale == 1
        assert TARGETS["detectron2"].figures(stats).scale == 255
        assert TARGETS["detectron2"].figures(stats).order == "bgr"
        assert TARGETS["mmengine"].figures(stats).order == "rgb"

    @pytest.mark.parametrize(
        ("name", "asked", "error"),
        [
            ("timm", {"scale": 255}, "timm cannot have scale 255: it has only 1"),
            ("detectron2", {"scale": 1}, "detectron2 cannot have scale 1: it has only 255"),
            (
                "hf",
                {"order": "bgr"},
                "hf cannot have channel order bgr: it has none of its own",
            ),
            (
                "state_dict",
                {"precision": 3},
                "state_dict has no digits to choose: its numbers are not text",
            ),
        ],
    )
    def test_what_a_target_has_not_is_refused(self, stats, name, asked, error):
        """With what it has."""
        with pytest.raises(ExportError) as refused:
            TARGETS[name].figures(stats, **asked)

        assert str(refused.value) == error

    @pytest.mark.parametrize("name", ["hf", "open_clip", "mmengine", "detectron2"])
    def test_four_channels_are_refused_where_readers_take_none(self, stats, name):
        """With the channels, and a way out."""
        rgba = with_channels(stats, ("R", "G", "B", "A"))
        able = " or ".join(map(str, TARGETS[name].channels))
        with pytest.raises(ExportError) as refused:
            TARGETS[name].figures(rgba)

        assert str(refused.value) == (
            f"{name} holds {able} channels, not 4 (R, G, B, A); --format json holds any"
        )

    @pytest.mark.parametrize("name", ["hf", "open_clip", "mmengine", "detectron2"])
    def test_other_colours_are_refused_where_readers_load_rgb(self, stats, name):
        """They would normalize red as if it were hue."""
        with pytest.raises(ExportError) as refused:
            TARGETS[name].figures(with_channels(stats, ("H", "S", "V")))

        assert str(refused.value) == f"{name} holds R, G, B, not H, S, V; --format json holds any"

    @each_target
    @pytest.mark.parametrize("channels", [("L",), ("R", "G", "B", "A")], ids=["gray", "rgba"])
    def test_all_others_hold_any_channels(self, stats, target, channels):
        """Where nothing is refused, a file comes out."""
        if target.channels is None or len(channels) in target.channels:
            assert target.render(target.figures(with_channels(stats, channels)))


def with_channels(stats, channels):
    estimates = {
        name: replace(
            estimate,
            mean=(0.5,) * len(channels),
            var=tuple(0.01 * (i + 1) for i in range(len(channels))),
        )
        for name, estimate in stats.methods.items()
    }
    return replace(stats, channels=channels, mode="".join(channels), methods=estimates)
