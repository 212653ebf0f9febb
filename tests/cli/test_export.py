"""`bnstat export`: lists, places, refusals and updates, to the letter."""

import json
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from bnstat import compute
from bnstat.targets import TARGETS

GOLDEN = Path(__file__).parents[1] / "golden" / "stats-v1.json"
BNSTAT = f"{shlex.quote(sys.executable)} -m bnstat"

# Of some; the width of the first column is that of the longest name.
LISTED = """\
normalize       torchvision.transforms.v2 snippet with Normalize
                  text, normalize.py; [0, 1] or 0-255; channels as measured
state_dict      torch.save of a primed BatchNorm2d's state_dict
                  binary, bnstat.pt; [0, 1] or 0-255; channels as measured
safetensors     the same tensors as safetensors, with their origin as metadata
                  binary, bnstat.safetensors; [0, 1] or 0-255; channels as measured
detectron2      MODEL.PIXEL_MEAN and PIXEL_STD of a YAML config
                  text, detectron2.yaml; 0-255; BGR or RGB
onnx            ONNX model that normalizes; with --update, in front of yours
                  binary, normalize.onnx; [0, 1]; RGB or BGR
"""

# Targets that need no library of their own.
NAMES = [name for name in TARGETS if name != "onnx"]


@pytest.fixture
def result(here):
    """The current folder, with a result in it."""
    (here / "bnstat.json").write_bytes(GOLDEN.read_bytes())
    return here


@pytest.fixture
def refused(result, bnstat):
    """Run `bnstat export`, which must fail; return its status and the lines it says."""

    def call(*arguments):
        before = sorted(result.iterdir())
        done = bnstat("export", *arguments)
        assert done.out == ""
        assert sorted(result.iterdir()) == before
        return done.status, done.err.splitlines()

    return call


class TestList:
    """What there is."""

    def test_list(self, bnstat):
        """What each writes: text or binary, file, units, order of channels; no result is needed."""
        done = bnstat("export", "--list")

        lines = done.out.splitlines()

        assert (done.status, done.err) == (0, "")
        assert [line.split()[0] for line in lines[::2]] == list(TARGETS)
        assert set(LISTED.splitlines()) <= set(lines)

    def test_names(self, bnstat):
        """For a loop of the shell."""
        done = bnstat("export", "--list", "--names")

        assert (done.status, done.out.split("\n"), done.err) == (0, [*TARGETS, ""], "")

    @pytest.mark.parametrize("arguments", [["--list"], ["--format", "hf"], ["--format", "env"]])
    def test_text_needs_no_torch(self, result, python, arguments):
        """It is there at once."""
        code = (
            "import sys; from bnstat.cli.app import run; "
            "run(['export', *sys.argv[1:]]); print('torch' in sys.modules)"
        )

        assert "False" == python("-c", code, *arguments).stdout.splitlines()[-1]


class TestPlaces:
    """Where it is written."""

    def test_each_has_a_file_of_its_own_in_a_folder(self, result, bnstat):
        """The folder is made; what is said is where it is."""
        said = {name: bnstat("export", "--format", name, "-o", "a/out/").err for name in NAMES}
        files = sorted(TARGETS[name].file for name in NAMES)

        assert sorted(path.name for path in (result / "a/out").iterdir()) == files
        assert said["hf"] == "written: a/out/preprocessor_config.json\n"
        assert said["state_dict"] == (
            "written: a/out/bnstat.pt\n"
            "checked: loads with weights_only=True and strict=True into BatchNorm2d(3)\n"
        )

    def test_a_folder_that_is_there_needs_no_slash(self, result, bnstat):
        """It is one."""
        (result / "out").mkdir()

        assert bnstat("export", "-o", "out").err == "written: out/normalize.py\n"

    def test_another_kind_of_file_has_another_name(self, result, bnstat):
        """JSON is not put into a Python file, nor words into JSON."""
        serialized = bnstat("export", "--format", "albumentations", "--serialized", "-o", "out/")
        flags = bnstat("export", "--format", "timm", "--flags", "-o", "out/")

        assert serialized.err == "written: out/albumentations_normalize.json\n"
        assert flags.err == "written: out/timm_flags.txt\n"

    def test_binary_goes_to_its_own_file(self, result, bnstat):
        """By default; text goes to standard output."""
        done = bnstat("export", "--format", "safetensors")

        assert (done.status, done.out, done.err) == (0, "", "written: bnstat.safetensors\n")
        assert bnstat("export", "--format", "yaml").out.startswith("mean: [")

    def test_a_folder_that_cannot_be_made(self, refused, result):
        """It is said why."""
        (result / "file").touch()

        assert refused("-o", "file/") == (4, ["bnstat: cannot make the folder file/: File exists"])

    @pytest.mark.parametrize("update", [[], ["--update", "model.onnx"]], ids=" ".join)
    def test_onnx_without_its_library(self, refused, monkeypatch, update):
        """One line says what adds it."""
        monkeypatch.setitem(sys.modules, "onnx", None)

        assert refused("--format", "onnx", *update, "-o", "x.onnx") == (
            4,
            ["bnstat: to write ONNX, bnstat needs onnx: pip install 'bnstat[onnx]'"],
        )

    @pytest.mark.parametrize("output", [[], ["-o", "-"]], ids=" ".join)
    def test_a_model_needs_a_place(self, refused, output):
        """It is not written over, and is not for a pipe."""
        assert refused("--format", "onnx", "--update", "model.onnx", *output) == (
            2,
            [
                "bnstat: --update of a model writes another; name it with -o",
                "Try: bnstat export --help",
            ],
        )

    def test_a_refusal_makes_no_folder(self, refused, result):
        """What cannot be written has no place."""
        Image.new("RGB", (3, 2)).save(result / "flat.png")
        compute(result / "flat.png", workers=1).save("flat.json")

        assert refused("flat.json", "-o", "out/") == (
            4,
            [
                "bnstat: channel R has std 0, as all its samples are equal; Normalize would divide "
                "by zero"
            ],
        )


class TestRefusals:
    """What is asked for and cannot be; nothing is written."""

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (
                "--format hf --channel-order bgr",
                "hf cannot have channel order bgr: it has none of its own",
            ),
            ("--format timm --scale 255", "timm cannot have scale 255: it has only 1"),
            ("--format mmengine --scale 1", "mmengine cannot have scale 1: it has only 255"),
            (
                "--format safetensors --precision 3",
                "safetensors has no digits to choose: its numbers are not text",
            ),
            ("missing.json", "no result document missing.json; make one: bnstat compute FOLDER"),
            (
                "--format hf --update missing.json",
                "cannot read missing.json: No such file or directory",
            ),
            (
                "--format hf --update notes.txt",
                "notes.txt is not JSON: Expecting value: line 1 column 1 (char 0)",
            ),
        ],
    )
    def test_what_a_target_cannot(self, refused, result, arguments, says):
        """Exit status 4, and a line that says why."""
        (result / "notes.txt").write_text("notes\n")

        assert refused(*arguments.split()) == (4, [f"bnstat: {says}"])

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ("--format hf --flags", "--flags is for timm, not for hf"),
            ("--format timm --serialized", "--serialized is for albumentations, not for timm"),
            ("--format json --affine", "--affine is for state_dict, safetensors, not for json"),
            (
                "--format yaml --absorb-eps 1e-5",
                "--absorb-eps is for state_dict, safetensors, flax, not for yaml",
            ),
            (
                "--format keras --update x.py",
                "--update is for hf, timm, open_clip, detectron2, onnx, not for keras",
            ),
            (
                "--format hf --update x.json -o y.json",
                "--update changes its own file; it does not go with --output",
            ),
            (
                "--format timm --update x.json --flags",
                "--update changes its own file; it does not go with --flags",
            ),
        ],
    )
    def test_a_malformed_command_line(self, refused, arguments, says):
        """Exit status 2, and where help is."""
        assert refused(*arguments.split()) == (2, [f"bnstat: {says}", "Try: bnstat export --help"])

    @pytest.mark.parametrize(
        "arguments", ["--format pytorch", "--scale 2", "--precision 0", "--channel-order grb"]
    )
    def test_values_that_there_are_not(self, refused, arguments):
        """Exit status 2."""
        assert refused(*arguments.split())[0] == 2


CONFIG = '{"size": 224, "image_mean": [0.5, 0.5, 0.5], "image_std": [1, 1, 1], "b": null}\n'


class TestUpdate:
    """A config of the user's."""

    def test_it_says_what_it_has_changed(self, result, bnstat):
        """And prints nothing."""
        (result / "config.json").write_text(CONFIG)
        done = bnstat("export", "--format", "hf", "--update", "config.json")

        assert (done.status, done.out) == (0, "")
        assert done.err == (
            "updated: config.json (do_rescale, rescale_factor, do_normalize, image_mean, "
            "image_std)\n"
        )
        assert (result / "config.json").read_text() == (
            '{"size": 224, "image_mean": [0.41699347, 0.43718228, 0.4201888], '
            '"image_std": [0.29387838, 0.29864323, 0.29390106], "b": null, "do_rescale": true, '
            '"rescale_factor": 0.00392156862745098, "do_normalize": true}\n'
        )

    def test_again_changes_nothing(self, result, bnstat):
        """Not a byte."""
        (result / "config.json").write_text(CONFIG)
        bnstat("export", "--format", "hf", "--update", "config.json")
        once = (result / "config.json").read_bytes()
        bnstat("export", "--format", "hf", "--update", "config.json")

        assert (result / "config.json").read_bytes() == once

    def test_nested_names(self, result, bnstat):
        """Each of them is named by its last part."""
        (result / "config.json").write_text('{"pretrained_cfg": {"mean": [1, 2, 3]}}')
        (result / "config.yaml").write_text("VERSION: 2\n")
        timm = bnstat("export", "--format", "timm", "--update", "config.json")
        detectron2 = bnstat("export", "--format", "detectron2", "--update", "config.yaml")

        assert timm.err == "updated: config.json (mean, std)\n"
        assert detectron2.err == "updated: config.yaml (PIXEL_MEAN, PIXEL_STD)\n"

    def test_unit_method_and_digits(self, result, bnstat):
        """As they are for what is written anew."""
        (result / "config.json").write_text('{"rescale_factor": 1}')
        options = ("--scale", "255", "--precision", "2", "--method", "welford")
        bnstat("export", "--format", "hf", *options, "--update", "config.json")

        assert json.loads((result / "config.json").read_text()) == {
            "rescale_factor": 1 / 255,
            "do_rescale": False,
            "do_normalize": True,
            "image_mean": [110.0, 110.0, 110.0],
            "image_std": [75.0, 76.0, 75.0],
        }

    def test_a_link_stays_one_and_permissions_stay(self, result, bnstat):
        """The file is replaced, whole, where it is."""
        (result / "real.json").write_text(CONFIG)
        (result / "real.json").chmod(0o640)
        (result / "link.json").symlink_to("real.json")
        bnstat("export", "--format", "hf", "--update", "link.json")

        assert (result / "link.json").is_symlink()
        assert stat.S_IMODE((result / "real.json").stat().st_mode) == 0o640
        assert "0.41699347" in (result / "real.json").read_text()

    def test_yaml_without_pyyaml(self, process, result):
        """One line says what adds it."""
        (result / "config.yaml").write_text("VERSION: 2\n")
        (result / "yaml.py").write_text("raise ImportError('no yaml')\n")
        done = process("export", "--format", "detectron2", "--update", "config.yaml")

        assert (done.returncode, done.stdout) == (4, "")
        assert done.stderr == (
            "bnstat: to update YAML, bnstat needs PyYAML: pip install 'bnstat[yaml]'\n"
        )
        assert (result / "config.yaml").read_text() == "VERSION: 2\n"


SCRIPT = """\
set -eu
$BNSTAT compute ./data -o - -q > stats.json
eval "$($BNSTAT export stats.json --format env)"
echo "$BNSTAT_COUNT samples of $BNSTAT_SOURCE"
set -- $BNSTAT_MEAN
echo "$# means; the second is $2"
"""


@pytest.fixture
def script(here, photos):
    """Run a script by a shell, beside a folder of images; return what it prints."""
    (here / "data").symlink_to(photos)

    def run(shell, text):
        (here / "script").write_text(text.replace("$BNSTAT ", f"{BNSTAT} "))
        done = subprocess.run([shell, "script"], cwd=here, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


class TestScripts:
    """In the middle of others."""

    def test_what_is_computed_is_sourced(self, script):
        """Without a file between."""
        printed = script(
            "bash",
            "set -euo pipefail\n"
            "source <($BNSTAT compute ./data -o - -q | $BNSTAT export - --format env)\n"
            'echo "$BNSTAT_COUNT samples of $BNSTAT_SOURCE: $BNSTAT_METHOD"\n'
            "set -- $BNSTAT_MEAN; echo $#\n",
        )

        assert printed == "5871 samples of ./data: two-pass\n3\n"

    def test_plain_sh(self, script, tmp_path):
        """Has no `<(...)`; there it is evaluated."""
        mean = script("sh", SCRIPT).splitlines()

        assert mean[0] == "5871 samples of ./data"
        assert mean[1].startswith("3 means; the second is 0.")

    def test_a_loop(self, script, here):
        """Over some of them; the documentation has it over all."""
        script(
            "bash",
            "set -eu; $BNSTAT compute ./data -q\n"
            "for f in timm hf env; do $BNSTAT export --format $f -o out/; done\n",
        )

        assert sorted(path.name for path in (here / "out").iterdir()) == [
            "config.json",
            "figures.env",
            "preprocessor_config.json",
        ]
