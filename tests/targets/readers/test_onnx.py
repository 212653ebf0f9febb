"""onnx.checker and onnxruntime read what `onnx` writes."""

import numpy as np
import pytest

from bnstat.cli.app import app
from bnstat.errors import ExportError

onnx = pytest.importorskip("onnx", reason="onnx is missing: pip install 'bnstat[onnx]'")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is missing")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

RNG = np.random.default_rng(3)
WEIGHT = RNG.normal(size=(4, 3, 3, 3)).astype(np.float32)
SHAPE = ["n", 3, "h", "w"]


def info(name, shape, type_=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, type_, shape)


def conv(opset=17, ir=8, type_=TensorProto.FLOAT, weight=WEIGHT):
    """Return a model of one padded convolution, whose borders show what is normalized first."""
    dtype = helper.tensor_dtype_to_np_dtype(type_)
    tensor = numpy_helper.from_array(weight.astype(dtype), "weight")
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "weight"], ["y"], pads=[1, 1, 1, 1])],
        "model",
        [info("x", SHAPE, type_)] + ([info("weight", weight.shape, type_)] if ir < 4 else []),
        [info("y", ["n", 4, "h", "w"], type_)],
        [tensor],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir)


@pytest.fixture
def bake(tmp_path, measured, capsys):
    """Bake the figures of a Result into a model; return the new model's path."""

    def run(model, *options, mode="RGB", path=None):
        path = path or tmp_path / "model.onnx"
        if model is not None:
            onnx.save(model, path)
        call = ["export", str(measured(mode).document), "--format", "onnx", *options]
        call += ["--update", str(path)]
        if "-o" not in options:
            call += ["-o", str(tmp_path / "baked.onnx")]
        app.main(call, standalone_mode=False)
        return tmp_path / "baked.onnx"

    return run


def run(path, images):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: images})[0]


def difference(measured, tmp_path, baked, options, mode="RGB", dtype=np.float32, axis=1):
    """Return how far the baked model is from the model of normalized images, of the largest."""
    result = measured(mode)
    wanted = run(
        tmp_path / "model.onnx", np.moveaxis(result.normalized(), 0, axis - 1)[None].astype(dtype)
    )
    pixels = result.pixels[None]
    images = pixels if "uint8" in options else (pixels / 255).astype(dtype)
    nhwc = "nhwc" in options or (axis == 3 and "nchw" not in options)
    found = run(baked, images if nhwc else images.transpose(0, 3, 1, 2))
    return np.abs(found - wanted).max() / np.abs(wanted).max()


OPTIONS = [
    [],
    ["--input", "uint8"],
    ["--layout", "nhwc"],
    ["--input", "uint8", "--layout", "nhwc"],
    ["--input", "float", "--layout", "nchw"],
]


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_it_normalizes(measured, bake, tmp_path, options):
    """Every pixel, the borders too, as numpy's normalization in front of the model."""
    baked = bake(conv(), *options)
    onnx.checker.check_model(str(baked), full_check=True)

    assert difference(measured, tmp_path, baked, options) < 1e-6


@pytest.mark.parametrize("options", [[], ["--input", "uint8"]], ids=" ".join)
@pytest.mark.parametrize(("opset", "ir"), [(7, 3), (9, 4), (13, 7), (21, 10)])
def test_old_and_new_models(measured, bake, tmp_path, opset, ir, options):
    """Opset and IR version stay; an IR of 3 lists its initializers among its inputs."""
    baked = bake(conv(opset, ir), *options)
    model = onnx.load(baked)

    assert (model.opset_import[0].version, model.ir_version) == (opset, ir)
    assert difference(measured, tmp_path, baked, options) < 1e-6


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
@pytest.mark.parametrize(
    ("type_", "dtype", "tolerance"),
    [(TensorProto.FLOAT16, np.float16, 5e-3), (TensorProto.DOUBLE, np.float64, 1e-6)],
    ids=["half", "double"],
)
def test_other_types(measured, bake, tmp_path, type_, dtype, tolerance, options):
    """Normalized in float32 at least, and given on in the model's own type."""
    model = conv(type_=type_)
    if dtype is np.float64:  # of which onnxruntime has no convolution
        model.graph.node[0].CopyFrom(helper.make_node("Neg", ["x"], ["y"]))
        model.graph.output[0].CopyFrom(info("y", SHAPE, type_))
    baked = bake(model, *options)

    assert difference(measured, tmp_path, baked, options, dtype=dtype) < tolerance


def test_all_else_stays_as_it_is(bake, tmp_path):
    """Initializers to the byte, nodes, outputs, metadata; the input keeps its name."""
    model = conv()
    model.metadata_props.add(key="author", value="me")
    model.doc_string = "of mine"
    baked = onnx.load(bake(model))

    assert [each.SerializeToString() for each in baked.graph.initializer] == [
        each.SerializeToString() for each in model.graph.initializer
    ]
    assert baked.graph.output == model.graph.output
    assert baked.graph.input == model.graph.input
    assert baked.graph.node[-1].attribute == model.graph.node[-1].attribute
    assert (baked.doc_string, baked.metadata_props[0].value) == ("of mine", "me")
    kinds = [node.op_type for node in baked.graph.node]
    assert kinds == ["Constant", "Sub", "Constant", "Mul", "Conv"]


def test_it_says_where_the_figures_come_from(measured, bake):
    """In the model's metadata."""
    [entry] = onnx.load(bake(conv())).metadata_props

    assert entry.key == "bnstat.normalization"
    assert f"{measured('RGB').stats.source.locations[0]}: 4 images, mode RGB" in entry.value


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_a_model_whose_channels_come_last(measured, bake, tmp_path, options):
    """As TensorFlow's: normalized along its own axis, and transposed only where images differ."""
    graph = helper.make_graph(
        [
            helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
            helper.make_node("Conv", ["t", "weight"], ["y"], pads=[1, 1, 1, 1]),
        ],
        "model",
        [info("x", ["n", "h", "w", 3])],
        [info("y", ["n", 4, "h", "w"])],
        [numpy_helper.from_array(WEIGHT, "weight")],
    )
    opsets = [helper.make_opsetid("", 17)]
    baked = bake(helper.make_model(graph, opset_imports=opsets, ir_version=8), *options)

    assert difference(measured, tmp_path, baked, options, axis=3) < 1e-6


def test_bodies_of_branches_get_normalized_images(measured, bake, tmp_path):
    """If and Loop take values of the graph around them by name."""
    both = [
        helper.make_graph(
            [helper.make_node(kind, ["x"], [f"{kind}_out"])], kind, [], [info(f"{kind}_out", None)]
        )
        for kind in ("Abs", "Neg")
    ]
    graph = helper.make_graph(
        [helper.make_node("If", ["yes"], ["y"], then_branch=both[0], else_branch=both[1])],
        "model",
        [info("x", SHAPE)],
        [info("y", SHAPE)],
        [numpy_helper.from_array(np.array(True), "yes")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    baked = bake(model)

    assert difference(measured, tmp_path, baked, []) < 1e-6


def test_gray(measured, bake, tmp_path):
    """As many channels as the model has."""
    model = conv(weight=WEIGHT[:, :1])
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 1
    baked = bake(model, mode="L")

    assert run(baked, np.zeros((1, 1, 5, 5), np.float32)).shape == (1, 4, 5, 5)


class TestData:
    """Tensors that lie in a file of their own."""

    @pytest.fixture
    def split(self, tmp_path):
        """A model in a folder of its own, whose weight lies in weights/w.bin beside it."""
        folder = tmp_path / "source"
        (folder / "weights").mkdir(parents=True)
        onnx.save_model(
            conv(),
            folder / "model.onnx",
            save_as_external_data=True,
            location="weights/w.bin",
            size_threshold=0,
        )
        onnx.save(conv(), tmp_path / "model.onnx")  # the same in one file
        return folder / "model.onnx"

    def test_the_file_comes_along(self, measured, bake, split, tmp_path):
        """Below the new model's folder under the same name, read by onnx and onnxruntime."""
        baked = bake(None, path=split)
        copy, original = tmp_path / "weights" / "w.bin", split.parent / "weights" / "w.bin"

        assert copy.read_bytes() == original.read_bytes()
        assert difference(measured, tmp_path, baked, []) < 1e-6
        assert onnx.load(baked).graph.initializer[0].raw_data == WEIGHT.tobytes()
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "baked.onnx",
            "model.onnx",
            "source",
            "weights",
        ]

    def test_a_link_comes_along_as_a_file(self, bake, split, tmp_path):
        """Caches have links, which the readers refuse."""
        original = split.parent / "weights" / "w.bin"
        original.rename(tmp_path / "blob")
        original.symlink_to(tmp_path / "blob")
        bake(None, path=split)

        assert not (tmp_path / "weights" / "w.bin").is_symlink()

    def test_a_refused_model_leaves_nothing(self, bake, split, tmp_path, monkeypatch):
        """Neither the copy nor the draft."""
        shift_mean(monkeypatch)
        with pytest.raises(ExportError, match="off by"):
            bake(None, path=split)

        assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
            "model.onnx",
            "model.onnx",
            "w.bin",
        ]

    def test_beside_the_model_itself(self, bake, split):
        """There it lies already."""
        output = split.parent / "baked.onnx"
        bake(None, "-o", str(output), path=split)

        assert sorted(path.name for path in split.parent.iterdir()) == [
            "baked.onnx",
            "model.onnx",
            "weights",
        ]

    def test_another_file_of_that_name_stays(self, bake, split, tmp_path):
        """Somebody's weights are not written over."""
        (tmp_path / "weights").mkdir()
        (tmp_path / "weights" / "w.bin").write_text("mine")
        with pytest.raises(ExportError, match=r"w\.bin, which is another file; write elsewhere$"):
            bake(None, path=split)

        assert (tmp_path / "weights" / "w.bin").read_text() == "mine"
        assert not (tmp_path / "baked.onnx").exists()

    @pytest.mark.parametrize("location", ["../w.bin", "/w.bin", "a/../../w.bin", ""])
    def test_a_file_elsewhere_is_refused(self, bake, split, location):
        """What onnxruntime would not read is not followed."""
        model = onnx.load(split, load_external_data=False)
        model.graph.initializer[0].external_data[0].value = location
        split.write_bytes(model.SerializeToString())
        with pytest.raises(ExportError, match=r"outside of its folder$"):
            bake(None, path=split)

    def test_a_missing_file(self, bake, split):
        """Is named."""
        (split.parent / "weights" / "w.bin").unlink()
        with pytest.raises(ExportError, match=r"w\.bin, which is missing$"):
            bake(None, path=split)


def shift_mean(monkeypatch):
    """Let the normalization be off by a hundredth."""
    from bnstat.targets import onnx_graph as graph

    constant = graph._constant
    monkeypatch.setattr(
        graph, "_constant", lambda name, values, *a: constant(name, [v + 0.01 for v in values], *a)
    )


def test_a_model_that_the_checker_refuses_itself(bake, tmp_path):
    """Is the user's; what counts is what onnxruntime makes of it."""
    model = conv()
    model.graph.output[0].CopyFrom(info("y", ["n", 7, "h", "w"]))

    baked = bake(model)
    with pytest.raises(onnx.shape_inference.InferenceError):
        onnx.checker.check_model(str(tmp_path / "model.onnx"), full_check=True)
    assert baked.exists()


class TestRefusals:
    """Models that cannot be baked; nothing is written."""

    def refused(self, bake, model, *options, **others):
        with pytest.raises(ExportError) as refused:
            bake(model, *options, **others)
        return str(refused.value).partition(": ")[2]

    def test_twice(self, measured, bake, tmp_path):
        """A baked model is known, and says with which figures."""
        once = bake(conv())
        says = self.refused(bake, None, "-o", str(tmp_path / "twice.onnx"), path=once)

        assert says.startswith("it is normalized already, with those of /")
        assert not (tmp_path / "twice.onnx").exists()

    def test_twice_without_metadata(self, bake, tmp_path):
        """Tools drop them; the nodes are known too."""
        model = onnx.load(bake(conv()))
        del model.metadata_props[:]

        assert self.refused(bake, model) == "it is normalized already by bnstat"

    @pytest.mark.parametrize(
        ("shape", "says"),
        [
            (["n", 1, "h", "w"], "its input x has 1 channels, and the result has 3"),
            (["n", 4, "h", "w"], "its input x has 4 channels, and the result has 3"),
            (["n", 3], "one input must have four axes, as images do; its inputs are x"),
        ],
    )
    def test_other_shapes(self, bake, shape, says):
        """The input is not of such images."""
        model = conv()
        model.graph.input[0].CopyFrom(info("x", shape))

        assert self.refused(bake, model) == says

    def test_two_images(self, bake):
        """Nobody knows which."""
        model = conv()
        model.graph.input.append(info("z", [1, 3, 8, 8]))

        assert self.refused(bake, model) == (
            "one input must have four axes, as images do; its inputs are x, z"
        )

    def test_integers(self, bake):
        """Such a model normalizes by itself, or is not of images."""
        model = conv()
        model.graph.input[0].type.tensor_type.elem_type = TensorProto.UINT8

        assert self.refused(bake, model) == "its input x is UINT8, not float, and may be normalized"

    def test_an_old_opset(self, bake):
        """Whose arithmetic does not broadcast."""
        assert self.refused(bake, conv(6, 3)) == "its opset is 6, older than 7; convert it first"

    @pytest.mark.parametrize("data", [b"no model", b""])
    def test_what_is_no_model(self, bake, tmp_path, data):
        """Is said so, or has no input."""
        (tmp_path / "model.onnx").write_bytes(data)
        with pytest.raises(ExportError):
            bake(None)

        assert not (tmp_path / "baked.onnx").exists()

    def test_the_model_itself(self, bake, tmp_path):
        """Is not written over."""
        with pytest.raises(ExportError, match=r"is the model itself; write to another file$"):
            bake(conv(), "-o", str(tmp_path / "model.onnx"))


def test_a_wrong_normalization_would_be_found(bake, tmp_path, monkeypatch):
    """The check can fail: with a mean that is off, nothing is written."""
    shift_mean(monkeypatch)
    with pytest.raises(ExportError, match=r"onnxruntime finds the outputs off by "):
        bake(conv())

    assert not (tmp_path / "baked.onnx").exists()


@pytest.mark.parametrize("options", [[], ["--input", "uint8"]], ids=" ".join)
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_without_a_model_it_normalizes_alone(measured, export, mode, options):
    """A model of a few nodes, to put in front of others."""
    result = measured(mode)
    file = export(result, "onnx", *options)
    onnx.checker.check_model(str(file), full_check=True)
    pixels = result.pixels.reshape(1, *result.pixels.shape[:2], -1).transpose(0, 3, 1, 2)
    images = pixels if options else (pixels / 255).astype(np.float32)

    assert result.agrees(run(file, images)[0])
