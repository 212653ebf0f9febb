"""What is fuzzed: each target takes bytes from anywhere, or refuses them in its own way.

A target's function returns whether it took the bytes; every exception that it lets pass is a
finding, and so is an answer that does not hold.
"""

import math
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

import bodies
import containers
import journals

from bnstat.decode import decoding
from bnstat.errors import DocumentError, ExportError, SourceError, SpecError
from bnstat.measure.count_images import count_image
from bnstat.moments import ChunkCounts
from bnstat.show import constants
from bnstat.sources.listing import Listing

TESTS = Path(__file__).parents[1]
CONFIGS = TESTS.parent / "configs"
FIELDS = {
    "json": {"image_mean": [0.1, 0.2, 0.3], "pretrained_cfg": {"std": [0.5]}},
    "yaml": {"MODEL": {"PIXEL_MEAN": [1.0, 2.0], "NEW": 1.0}, "image_mean": [0.1]},
}


@dataclass(frozen=True)
class Target:
    """A reader of bytes: what it reads well, words that mean something to it, and its call.

    `megabytes` are what the process may take at most, all in all.
    """

    take: Callable[[bytes], bool]
    seeds: Callable[[], Sequence[bytes]]
    words: Sequence[bytes] = ()
    megabytes: int = 1500


def _parsers():
    sys.path.insert(0, str(TESTS / "sources"))
    import parsers

    return parsers


def _images():
    sys.path.insert(0, str(TESTS / "badinput"))
    import whole

    return list(whole.images()[0].values())


def _decode(data):
    """Decode as a worker does; what is measured must be what an independent decode gives."""
    import oracle

    accumulator = ChunkCounts()
    try:
        with decoding.strict_pillow(1_000_000):
            image, _ = decoding.load(BytesIO(data))
            count_image(accumulator, 0, image, "RGB")
    except Exception as error:
        reason = decoding.reason(error, len(data))
        assert reason.strip() and reason.isprintable(), reason
        return False
    [part] = accumulator.moments()
    table = part.table
    found = (
        part.kind.scale,
        int(table.n[0, 0]),
        table.sum_or_mean[0].tolist(),
        table.sumsq_or_m2[0].tolist(),
    )
    assert oracle.agree(found, oracle.figures(data)), found
    return True


def _spec(data):
    """Read a spec; what is read has a text that reads back to the same."""
    from bnstat import augment as pipelines
    from bnstat.augment.steps import parse

    text = data.decode(errors="surrogateescape")
    try:
        pipeline = pipelines.read(text)
    except SpecError as error:
        _check_message(error)
        return False
    if pipeline.user is None and pipeline.steps:
        again = " | ".join(map(str, pipeline.steps))
        assert " | ".join(map(str, parse(again))) == again, again
    return True


def _build(data):
    """Make the transforms of a spec, but for those of the user's own."""
    from bnstat import augment as pipelines

    warnings.filterwarnings("ignore", "ColorJitter without arguments")  # is said on purpose
    try:
        pipeline = pipelines.read(data.decode(errors="surrogateescape"))
        if pipeline.user is None:
            pipeline.build()
            pipeline.stages()
    except SpecError as error:
        _check_message(error)
        return False
    return True


def _toml(data):
    from bnstat.augment import toml

    Path("fuzzed.toml").write_bytes(data)
    try:
        found = toml.load(Path("fuzzed.toml"))
    except SpecError as error:
        _check_message(error)
        return False
    assert all(isinstance(str(step), str) for step in found.steps)
    return True


def _document(data):
    """Read a document; what is read is written, and read again, the same."""
    from bnstat.result import Stats

    try:
        stats = Stats.from_json(data, "x.json")
    except DocumentError as error:
        _check_message(error)
        return False
    assert Stats.from_json(stats.to_json()) == stats
    return True


def _export(data):
    """Write what a document says in every form; each refuses or writes."""
    from bnstat.result import Stats
    from bnstat.targets import TARGETS

    try:
        stats = Stats.from_json(data, "x.json")
    except DocumentError:
        return False
    for target in TARGETS.values():
        try:
            if not target.binary:
                target.render(target.figures(stats, "two-pass"))
        except ExportError as error:
            _check_message(error)
    return True


def _files(data):
    """Read a list of files; each of its names is an image or has a problem."""
    Path("list").write_bytes(data)
    for null in (False, True):
        try:
            listing = Listing("list", null=null, root="images")
        except SourceError as error:  # names end otherwise
            _check_message(error)
            continue
        found = list(listing)
        assert len(found) == listing.count()
        assert [reference.key for reference in found] == sorted(r.key for r in found)
        for reference in found:
            assert reference.problem is None or reference.problem.strip()
    return True


def _constants(data):
    """Read constants, typed or of a file; what is read is finite, and its stds are above 0."""
    files = ["fuzzed.json", "fuzzed.yaml", "fuzzed.toml"]
    for file in files:
        Path(file).write_bytes(data)
    taken = False
    for text in (data.decode(errors="surrogateescape"), *files):
        try:
            found = constants.read(text)
        except SourceError as error:
            _check_message(error)
        else:
            assert all(map(math.isfinite, found.mean + found.std)) and min(found.std) > 0
            taken = True
    return taken


def _edit(syntax):
    def take(data):
        """Change a config; all that is not changed stays, or the file is refused."""
        from bnstat.targets.config import edit_values, read

        try:
            after = edit_values(data, syntax, "config", FIELDS[syntax])
        except ExportError as error:
            _check_message(error)
            return False
        read(after, syntax, "config")
        return True

    return take


def _check_message(error):
    """An error says something, and not much more than what it is about."""
    assert 0 < len(str(error)) < 100_000, str(error)[:200]


def _documents():
    return [path.read_bytes() for path in sorted((TESTS / "golden").glob("*.json"))]


def _presets():
    return [path.read_bytes() for path in sorted(CONFIGS.glob("*.toml"))]


_SPECS = [
    b"Resize(256) | CenterCrop(224) | ColorJitter(brightness=0.4, hue=(-0.1, 0.1))",
    b"RandomApply([GaussianBlur(23, sigma=(0.1, 2.0)), v2.Grayscale], p=0.5)",
    b"ToDtype(torch.float32, scale=True) | Normalize([0.5], std=[1e-3])",
    b"RandomResizedCrop(size=224, interpolation=InterpolationMode.BICUBIC, antialias=None)",
    b"Pad(3, fill={'a': None}, padding_mode='edge') | AutoAugment('cifar10')",
    b"colorjitter(brightness=0.4)",
    b"imagenet-train",
    b"some.module:attribute",
    b"configs/colorjitter.toml",
]


def _specs_to_build():
    """Return the specs, with what takes seconds to be imported behind us."""
    import torchvision.transforms.v2  # noqa: F401

    return _SPECS


_SPEC_WORDS = [
    *(
        b"Resize",
        b"(",
        b")",
        b"[",
        b"]",
        b"|",
        b",",
        b"=",
        b".",
        b":",
        b"'",
        b'"',
        b"\n",
        b"#",
        b"\\",
    ),
    *(b"lambda: 0", b"__import__('os')", b"f'{1}'", b"1e999", b"0x", b"*a", b"**a", b"...", b"\0"),
    *(
        b"TenCrop(8)",
        b"Compose([])",
        b"RandomChoice",
        b"Lambda(str)",
        b"'name'",
        b"\xc3\xa9",
        b"\xff",
    ),
]
_JSON_WORDS = [
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b'"',
        b"\\u0000",
        b"\\ud800",
        b"\\n",
        b"NaN",
        b"-Infinity",
    ),
    *(b"null", b"true", b"1e400", b"-1", b'"version"', b'"a": 1,', b"\xef\xbb\xbf", b"\xff"),
]
_TOML_WORDS = [
    *(
        b"[[transforms]]",
        b"[transforms]",
        b"name",
        b"=",
        b'"',
        b"'''",
        b"{",
        b"}",
        b"\n",
        b"#",
        b".",
    ),
    *(b"inf", b"nan", b"1979-05-27T07:32:00Z", b"[[transforms.transforms]]", b"\\u0000", b"\xff"),
]
_YAML_WORDS = [
    *(
        b"&a ",
        b"*a",
        b"<<: *a",
        b"? ",
        b"- ",
        b": ",
        b"|\n",
        b">\n",
        b"!!python/name:os.system",
        b"---",
    ),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b"#",
        b"\n  ",
        b"\t",
        b"'",
        b'"',
        b"%YAML 1.1",
        b"~",
        b"\xc2\x85",
        b"!!set",
    ),
]
_CONFIGS = {
    "json": [
        b'{"image_mean": [0.5, 0.5], "size": {"height": 224}, "x": "a\\"b"}\n',
        b'{\n  "a": 1,\n  "pretrained_cfg": {\n    "std": [\n      0.5\n    ]\n  }\n}\n',
        b"{}",
        b'{"image_mean": [], "image_mean": {"a": null}, "pretrained_cfg": 3}',
    ],
    "yaml": [
        b"# x\nMODEL:\n  PIXEL_MEAN: [1.0, 2.0]  # y\n  MASK: on\nINPUT: {FORMAT: BGR}\n",
        b"MODEL:\n  PIXEL_MEAN:\n  - 1\n  - 2\nA: &a {b: 1}\nB: *a\n? [1, 2]\n: 3\n",
        b"image_mean: >\n  folded\n  text\nb: 'q'\n",
        b"{MODEL: {PIXEL_MEAN: [1]}, image_mean: [2]}",
    ],
}
_CONSTANTS = [
    *(
        b"imagenet",
        b"0.485,0.456,0.406/0.229,0.224,0.225",
        b"0.5/0.25",
        b"preprocessor_config.json",
    ),
    b'{"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.2, 0.1]}',
    b'{"pretrained_cfg": {"mean": [0.5], "std": [0.5]}, "mean": 3}',
    b'{"preprocess_cfg": {"mean": [0.5], "std": [1]}}',
    b'{"image_mean": [124], "image_std": [50], "do_rescale": false, "rescale_factor": 0.0039}',
    b'{"transform": {"__class_fullname__": "Normalize", "mean": [1], "std": [1], '
    b'"max_pixel_value": 255.0}}',
    b"MODEL:\n  PIXEL_MEAN: [1.0, 2.0, 3.0]\n  PIXEL_STD: [1, 1, 2]\nINPUT: {FORMAT: RGB}\n",
    b"mean: [0.5]\nstd: [0.5]\nscale: 1\ncreated: 2026-01-01T00:00:00Z\n",
    b'mean = [0.5]\nstd = [0.5]\nscale = 255\ncreated = "2026-01-01"\n',
]
_LISTS = [
    b"a.jpg\nb/c.png\r\nimages/d.jpg\n",
    b"a.jpg\0new\nline.png\0",
    b"./../x\n/etc/passwd\n-\n",
]

MOST = containers.MAX_MEGABYTES
_PARSERS = _parsers()
TARGETS = {
    "decode": Target(_decode, _images, _PARSERS.WORDS),
    "spec": Target(_spec, lambda: _SPECS, _SPEC_WORDS),
    "build": Target(_build, _specs_to_build, _SPEC_WORDS),
    "toml": Target(_toml, _presets, _TOML_WORDS),
    "document": Target(_document, _documents, _JSON_WORDS),
    "export": Target(_export, _documents, _JSON_WORDS),
    "files": Target(
        _files, lambda: _LISTS, [b"\0", b"\n", b"\r", b"/", b"..", b"\xff", b"images/"]
    ),
    "constants": Target(
        _constants, lambda: _CONSTANTS, [b"/", b",", b"nan", b"inf", b" ", *_JSON_WORDS]
    ),
    "json": Target(_edit("json"), lambda: _CONFIGS["json"], _JSON_WORDS),
    "yaml": Target(_edit("yaml"), lambda: _CONFIGS["yaml"], _YAML_WORDS),
    "tar": Target(containers.take(".tar"), containers.tars, containers.TAR_WORDS, MOST),
    "targz": Target(containers.take(".tar.gz"), containers.tars, containers.TAR_WORDS, MOST),
    "zip": Target(containers.take(".zip"), containers.zips, containers.ZIP_WORDS, MOST),
    "parquet": Target(
        containers.take(".parquet"), containers.parquets, containers.PARQUET_WORDS, MOST
    ),
    "http": Target(bodies.take, bodies.answers, bodies.WORDS, MOST),
    "journal": Target(journals.take_file, journals.files),
    "entry": Target(journals.take_rows, journals.rows, journals.WORDS),
    **{
        name: Target(_PARSERS.take(name), partial(_PARSERS.seeds, name), _PARSERS.WORDS)
        for name in _PARSERS.PARSERS
    },
}
