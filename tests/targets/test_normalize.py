"""The Normalize snippet, run as pasted, and the transform itself."""

import ast
import io
import tokenize
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms import v2

import bnstat
from bnstat.errors import ExportError
from bnstat.result import Estimate
from bnstat.targets import TARGETS
from bnstat.targets.figures import Figures

METHODS = ["two-pass", "welford", "batchnorm"]


def render(stats, method):
    return TARGETS["normalize"].render(Figures(stats, method))


def pasted(snippet):
    """Run a snippet as a user would, and return its transform."""
    namespace = {}
    exec(snippet, namespace)
    return namespace["normalize"]


def expected(image, estimate):
    """Return (x/255 − mean) / std of a uint8 image in float64, channels first."""
    unit = image.transpose(2, 0, 1) / 255
    mean, std = np.array(estimate.mean), np.array(estimate.std)
    return (unit - mean[:, None, None]) / std[:, None, None]


def with_figures(stats, mean, var):
    return replace(stats, methods={**stats.methods, "two-pass": Estimate(mean, var)})


class TestSnippet:
    """Text to paste."""

    @pytest.mark.parametrize("method", METHODS)
    def test_it_runs_as_pasted(self, stats, pixels, method):
        """On PIL images and arrays, to float32 rounding of the float64 result."""
        normalize = pasted(render(stats, method))
        for image in pixels:
            wanted = expected(image, stats.methods[method])
            for given_as in (image, Image.fromarray(image)):
                found = normalize(given_as)
                assert found.dtype == torch.float32
                assert np.abs(found.numpy() - wanted).max() < 1e-5

    def test_its_text(self, stats):
        """Imports, a comment of where it comes from, and the transform."""
        source = replace(stats.source, locations=("data",), images=3)
        stats = replace(stats, source=source, bnstat="0.1.0", created="2026-01-01T00:00:00Z")
        stats = with_figures(stats, (0.5, 0.25, 0.125), (0.0625, 0.25, 0.01))

        assert render(stats, "two-pass").decode() == SNIPPET

    @pytest.mark.parametrize("method", METHODS)
    def test_its_numbers_are_the_float32_of_the_figures(self, stats, method):
        """Pasted numbers make the very tensor that the figures would."""
        normalize = pasted(render(stats, method)).transforms[-1]
        estimate = stats.methods[method]

        assert torch.equal(torch.tensor(normalize.mean), torch.tensor(estimate.mean))
        assert torch.equal(torch.tensor(normalize.std), torch.tensor(estimate.std))

    def test_a_std_of_0_is_refused(self, stats):
        """The channel is named, and why."""
        stats = with_figures(stats, (0.5, 0.5, 0.5), (0.1, 0.0, 0.1))
        with pytest.raises(ExportError) as refused:
            render(stats, "two-pass")

        assert str(refused.value) == (
            "channel G has std 0, as all its samples are equal; Normalize would divide by zero"
        )

    def test_a_std_that_is_0_in_float32_is_refused(self, stats):
        """A snippet with it would raise where it is pasted."""
        stats = with_figures(stats, (0.5, 0.5, 0.5), (0.1, 1e-100, 0.1))
        with pytest.raises(ExportError, match=r"^channel G has std "):
            render(stats, "two-pass")


SNIPPET = """\
import torch
from torchvision.transforms import v2

# data: 3 images, mode RGB, two-pass (exact), by bnstat 0.1.0, 2026-01-01T00:00:00Z
# For images of 3 channels (R, G, B): convert others first.
normalize = v2.Compose(
    [
        v2.ToImage(),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(mean=[0.5, 0.25, 0.125], std=[0.25, 0.5, 0.1]),
    ]
)
"""

names = st.text(st.characters(), max_size=30) | st.text(
    "\r\n\x0b\x0c\x1c\x85\u2028\u2029\u202e\u2066'\"\\#{}%:=+ aimport()", max_size=30
)


class TestHostileNames:
    """Text of the document cannot break out of the comment."""

    @given(names, names)
    @example("data\nimport os; os.abort()", "x")
    @example("\rraise SystemExit\r", "\x0craise SystemExit\x0c")
    @example("coding: utf-7", "+AAo-raise SystemExit")
    @example("# -*- coding: utf-16 -*-", "vim: set fileencoding=cp037 :")
    @example("'''", '"""')
    @example("{mean}", "{0.__class__}")
    @example("%s", "\\\n")
    @example("\u202e\u2066", "\ud800\udfff")
    @example("x" * 300, "\x00")
    def test_the_code_is_the_same_whatever_the_names(self, stats, name, other):
        """Its syntax tree, read from bytes as Python reads a file, differs in nothing."""
        hostile = replace(
            stats,
            source=replace(stats.source, locations=(name, other)),
            mode=other,
            created=name,
            bnstat=other,
        )
        plain, snippet = render(stats, "two-pass"), render(hostile, "two-pass")
        tokens = list(tokenize.tokenize(io.BytesIO(snippet).readline))

        assert ast.dump(ast.parse(snippet)) == ast.dump(ast.parse(plain))
        assert tokens[0].string == "utf-8"
        assert sum(token.type == tokenize.COMMENT for token in tokens) == 2
        assert len(snippet.decode().splitlines()) == len(plain.decode().splitlines())

    @given(names)
    def test_nothing_invisible_reaches_the_file(self, stats, name):
        """A person reads the snippet before pasting it: no controls, no reordering marks."""
        hostile = replace(stats, source=replace(stats.source, locations=(name,)))
        text = render(hostile, "two-pass").decode()

        assert all(character.isprintable() for character in text.replace("\n", ""))


class TestTransform:
    """`bnstat.normalize`."""

    @pytest.mark.parametrize("method", METHODS)
    def test_it_normalizes_the_measured_images(self, stats, pixels, method):
        """(x − mean) / std of float images in [0, 1]."""
        normalize = bnstat.normalize(stats, method)
        assert type(normalize) is v2.Normalize
        for image in pixels:
            unit = torch.from_numpy(image).permute(2, 0, 1) / 255
            wanted = expected(image, stats.methods[method])
            assert np.abs(normalize(unit).numpy() - wanted).max() < 1e-5

    def test_it_is_the_exact_method_by_default(self, stats):
        """In float64, all digits of the figures."""
        normalize = bnstat.normalize(stats)

        assert tuple(normalize.mean) == stats.exact.mean
        assert tuple(normalize.std) == stats.exact.std

    def test_all_pixels_together_have_mean_0_and_std_1(self, stats, pixels):
        """That is what it is for."""
        normalize = bnstat.normalize(stats)
        units = [torch.from_numpy(image).permute(2, 0, 1).double() / 255 for image in pixels]
        pooled = torch.cat([normalize(unit).flatten(1) for unit in units], dim=1)

        assert pooled.mean(dim=1).abs().max() < 1e-12
        assert (pooled.std(dim=1, correction=0) - 1).abs().max() < 1e-12

    def test_a_std_of_0_is_refused(self, stats):
        """The channel is named."""
        stats = with_figures(stats, (0.5, 0.5, 0.5), (0.1, 0.1, 0.0))
        with pytest.raises(ExportError, match=r"^channel B has std 0"):
            bnstat.normalize(stats)

    def test_an_unknown_method_is_refused(self, stats):
        """By its name."""
        with pytest.raises(ExportError, match=r"^no method 'mean'"):
            bnstat.normalize(stats, "mean")
