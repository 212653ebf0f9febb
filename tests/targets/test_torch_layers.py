"""The primed BatchNorm2d: its file, loaded as a user would, and the layer itself."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch

import bnstat
from bnstat.errors import ExportError
from bnstat.result import Estimate
from bnstat.targets import TARGETS
from bnstat.targets.figures import Figures
from bnstat.targets.torch_layers import check

METHODS = ["two-pass", "welford", "batchnorm"]
EPS = 1e-5


def render(stats, method, **options):
    return TARGETS["state_dict"].render(Figures(stats, method), **options)


def loaded(data):
    return torch.load(io.BytesIO(data), weights_only=True)


def layer_of(data, **options):
    """Return a new layer that has loaded the file, in eval mode."""
    layer = torch.nn.BatchNorm2d(3, **options)
    layer.load_state_dict(loaded(data))
    return layer.eval()


def batches(pixels):
    """Yield each image as a float batch of one, in [0, 1]."""
    for image in pixels:
        yield torch.from_numpy(image).permute(2, 0, 1)[None] / 255


def pooled(layer, pixels):
    """Return mean and std of a layer's output over all images, in float64."""
    with torch.no_grad():
        flat = [layer(batch).double().permute(1, 0, 2, 3).flatten(1) for batch in batches(pixels)]
    values = torch.cat(flat, dim=1)
    return values.mean(dim=1), values.std(dim=1, correction=0)


def with_var(stats, var):
    exact = Estimate(stats.mean, var)
    return replace(stats, methods={**stats.methods, "two-pass": exact})


class TestFile:
    """What `torch.save` wrote."""

    @pytest.mark.parametrize("method", METHODS)
    def test_it_loads_into_the_layer(self, stats, method):
        """With weights_only=True and strictly; the figures are the method's, in float32."""
        layer = layer_of(render(stats, method))
        estimate = stats.methods[method]

        assert torch.equal(layer.running_mean, torch.tensor(estimate.mean))
        assert torch.equal(layer.running_var, torch.tensor(estimate.var))
        assert torch.equal(layer.weight, torch.ones(3))
        assert torch.equal(layer.bias, torch.zeros(3))

    def test_its_entries_are_those_of_the_layer(self, stats):
        """Names, order, shapes and types: nothing missing, nothing more."""
        entries = loaded(render(stats, "two-pass"))
        own = torch.nn.BatchNorm2d(3).state_dict()

        assert list(entries) == list(own)
        assert [(t.dtype, t.shape) for t in entries.values()] == [
            (t.dtype, t.shape) for t in own.values()
        ]

    def test_without_affine(self, stats):
        """For a layer that has nothing to learn."""
        data = render(stats, "two-pass", affine=False)

        assert list(loaded(data)) == ["running_mean", "running_var", "num_batches_tracked"]
        assert torch.equal(
            layer_of(data, affine=False).running_mean, torch.tensor(stats.exact.mean)
        )

    @pytest.mark.parametrize("prefix", ["norm", "norm."])
    def test_with_a_prefix(self, stats, prefix):
        """For a layer within a model, strictly, with or without the dot."""
        model = torch.nn.Module()
        model.norm, model.conv = torch.nn.BatchNorm2d(3), torch.nn.Conv2d(3, 4, 3)
        entries = loaded(render(stats, "two-pass", prefix=prefix))
        model.load_state_dict(model.state_dict() | entries, strict=True)

        assert torch.equal(model.norm.running_mean, torch.tensor(stats.exact.mean))

    @pytest.mark.parametrize("prefix", [".", "a..b", ".a", "a..", ". "])
    def test_a_prefix_that_no_layer_has_is_refused(self, stats, prefix):
        """Parts of a name have dots between them, and are not empty."""
        with pytest.raises(ExportError, match=r"is not the name of a layer, like norm or encoder"):
            render(stats, "two-pass", prefix=prefix)

    def test_gray_images_make_a_layer_of_one_channel(self, folder):
        """As many features as channels."""
        stats = bnstat.compute(folder, mode="L", workers=1)
        layer = torch.nn.BatchNorm2d(1)
        layer.load_state_dict(loaded(render(stats, "two-pass")))

        assert layer.running_mean.tolist() == pytest.approx(stats.mean, rel=1e-6)


class TestNumBatchesTracked:
    """A layer that averages must not forget what it was primed with."""

    @pytest.mark.parametrize("method", METHODS)
    def test_it_is_the_schedule_s_for_every_method(self, stats, method):
        """Nine images in batches of two are five."""
        tracked = loaded(render(stats, method))["num_batches_tracked"]

        assert (tracked.dtype, tracked.shape, tracked.item()) == (torch.int64, (), 5)

    def test_it_is_the_number_of_images_where_no_schedule_could_run(self, stats):
        """Not 0: the images were seen."""
        stats = replace(stats, methods={**stats.methods, "batchnorm": None})

        assert loaded(render(stats, "two-pass"))["num_batches_tracked"] == 9

    def test_a_cumulative_layer_does_not_forget(self, stats):
        """With momentum None one black batch weighs one in six."""
        layer = layer_of(render(stats, "two-pass"), momentum=None).train()
        layer(torch.zeros(2, 3, 4, 4))

        assert layer.running_mean.tolist() == pytest.approx(np.array(stats.mean) * 5 / 6, rel=1e-6)
        assert layer.running_var.tolist() == pytest.approx(np.array(stats.var) * 5 / 6, rel=1e-6)

    def test_a_layer_that_tracked_none_would_forget(self, stats):
        """The failure that the number prevents."""
        layer = layer_of(render(stats, "two-pass"), momentum=None).train()
        layer.num_batches_tracked.zero_()
        layer(torch.zeros(2, 3, 4, 4))

        assert layer.running_mean.tolist() == [0.0, 0.0, 0.0]


class TestEvalMode:
    """What the primed layer does to the measured images."""

    def test_output_has_mean_0_and_std_1(self, stats, pixels):
        """Within eps / (2 var) of the std."""
        mean, std = pooled(layer_of(render(stats, "two-pass")), pixels)

        assert mean.abs().max() < 2e-4
        assert (std - 1).abs().max() < 2e-4

    def test_without_absorbing_the_std_is_smaller_by_eps_over_2_var(self, stats, pixels):
        """The size of the difference that the docs give, to second order."""
        _, std = pooled(layer_of(render(stats, "two-pass")), pixels)

        assert 1 - std.numpy() == pytest.approx(EPS / 2 / np.array(stats.var), rel=0.02)

    def test_with_eps_absorbed_mean_and_std_are_those_of_normalize(self, stats, pixels):
        """To float32 rounding."""
        mean, std = pooled(layer_of(render(stats, "two-pass", absorb_eps=EPS)), pixels)

        assert mean.abs().max() < 1e-6
        assert (std - 1).abs().max() < 1e-6

    @pytest.mark.parametrize("method", METHODS)
    def test_with_eps_absorbed_every_pixel_is_that_of_normalize(self, stats, pixels, method):
        """The layer in eval mode is the transform."""
        layer = layer_of(render(stats, method, absorb_eps=EPS))
        normalize = bnstat.normalize(stats, method)
        for batch in batches(pixels):
            assert torch.allclose(layer(batch), normalize(batch), rtol=0, atol=5e-6)

    def test_a_larger_eps_can_be_absorbed_by_a_layer_that_has_it(self, stats, pixels):
        """Layers come with 1e-3 too."""
        layer = layer_of(render(stats, "two-pass", absorb_eps=1e-3), eps=1e-3)
        _, std = pooled(layer, pixels)

        assert (std - 1).abs().max() < 1e-6

    @pytest.mark.parametrize("var", [1e-5, 9e-6, 0.0])
    def test_eps_is_not_absorbed_from_less_variance(self, stats, var):
        """The channel, its variance and what to do."""
        stats = with_var(stats, (0.1, 0.1, var))
        with pytest.raises(ExportError) as refused:
            render(stats, "two-pass", absorb_eps=EPS)

        assert str(refused.value) == (
            f"channel B has variance {var:g}, which is not above eps 1e-05; "
            "absorb a smaller eps, and give the layer the same"
        )

    def test_a_constant_channel_can_be_stored_as_it_is(self, stats):
        """eps keeps the layer from dividing by zero."""
        layer = layer_of(render(with_var(stats, (0.1, 0.1, 0.0)), "two-pass"))

        assert torch.isfinite(layer(torch.rand(1, 3, 2, 2))).all()


class TestCheck:
    """What was written is loaded back."""

    @pytest.mark.parametrize(
        ("options", "layer"),
        [
            ({}, "BatchNorm2d(3)"),
            ({"affine": False}, "BatchNorm2d(3)"),
            ({"prefix": "model.0."}, "model.0 = BatchNorm2d(3)"),
            ({"prefix": "weight"}, "weight = BatchNorm2d(3)"),
        ],
        ids=str,
    )
    def test_it_says_what_held(self, stats, options, layer):
        """In one line, for any options."""
        said = check(render(stats, "two-pass", **options))

        assert said == f"loads with weights_only=True and strict=True into {layer}"

    def test_it_fails_on_names_that_no_layer_has(self, stats):
        """A prefix without its dot, with which strict=False would load nothing."""
        entries = loaded(render(stats, "two-pass"))
        file = io.BytesIO()
        torch.save({"norm" + name: tensor for name, tensor in entries.items()}, file)
        with pytest.raises(ExportError, match=r"^what was written does not load: "):
            check(file.getvalue())

    def test_it_fails_on_a_file_with_less(self, stats):
        """The check can fail."""
        entries = loaded(render(stats, "two-pass"))
        del entries["running_var"]
        file = io.BytesIO()
        torch.save(entries, file)
        with pytest.raises(ExportError, match=r"^what was written does not load: "):
            check(file.getvalue())

    @pytest.mark.parametrize("keep", [0, 100, -200])
    def test_it_fails_on_a_file_cut_short(self, stats, keep):
        """A disk may keep less than was written."""
        with pytest.raises(ExportError, match=r"^what was written does not load: "):
            check(render(stats, "two-pass")[:keep])


class TestLayer:
    """`bnstat.batch_norm`."""

    def test_it_is_what_the_file_makes(self, stats):
        """The same state, ready to use."""
        layer, entries = bnstat.batch_norm(stats), loaded(render(stats, "two-pass"))

        assert type(layer) is torch.nn.BatchNorm2d
        assert (layer.eps, layer.momentum, layer.affine) == (1e-5, 0.1, True)
        assert all(torch.equal(tensor, entries[n]) for n, tensor in layer.state_dict().items())

    @pytest.mark.parametrize("eps", [1e-5, 1e-3])
    def test_an_absorbed_eps_is_the_layer_s_own(self, stats, pixels, eps):
        """In eval mode it is Normalize, whatever the eps."""
        layer, normalize = bnstat.batch_norm(stats, absorb_eps=eps).eval(), bnstat.normalize(stats)

        assert layer.eps == eps
        for batch in batches(pixels):
            assert torch.allclose(layer(batch), normalize(batch), rtol=0, atol=5e-6)

    def test_options_are_the_layer_s(self, stats):
        """Without parameters to learn, and averaging from what it was primed with."""
        layer = bnstat.batch_norm(stats, "welford", affine=False, momentum=None)
        layer(torch.zeros(2, 3, 4, 4))

        assert (layer.weight, layer.bias, layer.momentum) == (None, None, None)
        assert layer.running_mean.tolist() == pytest.approx(
            np.array(stats.methods["welford"].mean) * 5 / 6, rel=1e-6
        )

    def test_too_little_variance_is_refused(self, stats):
        """As in the file."""
        with pytest.raises(ExportError, match=r"^channel R has variance 0, "):
            bnstat.batch_norm(with_var(stats, (0.0, 0.1, 0.1)), absorb_eps=EPS)
