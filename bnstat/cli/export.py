"""`bnstat export`: a result in the form that a framework reads."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bnstat import files
from bnstat.cli import options
from bnstat.cli.help import subcommand
from bnstat.cli.terminal import say, show_list
from bnstat.errors import ExportError, OutputError
from bnstat.text import nearest
from bnstat.verbs.export import (
    EXACT,
    METHODS,
    TARGETS,
    Target,
    method_of,
    update_config,
    update_model,
)
from bnstat.verbs.load import load

if TYPE_CHECKING:
    from bnstat import Stats


_UNITS = {1: "[0, 1]", 255: "0-255"}
# What people call the libraries, and the formats for them.
_LIBRARIES = {
    "huggingface": ["hf"],
    "jax": ["flax"],
    "mmdet": ["mmengine"],
    "pytorch": ["normalize", "state_dict", "module"],
    "tensorflow": ["keras"],
    "torch": ["normalize", "state_dict", "module"],
    "torchvision": ["normalize"],
    "transformers": ["hf"],
}


class FormatName(click.Choice[str]):
    """One of the formats."""

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        if value in self.choices:
            return str(value)
        near = _LIBRARIES.get(value.lower()) or nearest(value, self.choices, 3)
        meant = f"did you mean {', '.join(near)}? " if near else ""
        self.fail(f"no format {value!r}; {meant}bnstat export --list shows them all.", param, ctx)


@subcommand("export", "Write what a framework reads.")
@click.argument("document", default="bnstat.json", metavar="[STATS]")
@click.option(
    "--format",
    "name",
    type=FormatName(list(TARGETS)),
    metavar="FORMAT",
    default="normalize",
    show_default=True,
    help="The form to write; --list shows them all.",
)
@click.option("--list", "listed", is_flag=True, help="Show what can be written, and write nothing.")
@click.option("--names", is_flag=True, help="With --list: the names alone, one a line.")
@click.option(
    "--method",
    type=click.Choice(list(METHODS)),
    default=EXACT,
    show_default=True,
    help="Which estimator to export.",
)
@click.option("--pooled", is_flag=True, help="One mean and std for all channels.")
@click.option(
    "-o",
    "--output",
    metavar="FILE|FOLDER/",
    help="Where to write; - is standard output.  [default: binary formats to their own file, "
    "others to -]",
)
@click.option(
    "--update",
    metavar="FILE",
    help="Change the normalization in a config of yours, and no other byte of it; onnx: put it in "
    "front of a model of yours, which is written to -o.",
)
@click.option(
    "--scale",
    type=click.Choice(["1", "255"]),
    callback=lambda context, parameter, value: value and int(value),
    help="Units of the images: [0, 1] or 0-255.  [default: what the format's readers take]",
)
@click.option(
    "--precision",
    type=options.number(int, ge=1, le=17),
    metavar="N",
    help="Significant digits.  [default: as many as give the same float32]",
)
@click.option(
    "--channel-order",
    "order",
    type=click.Choice(["rgb", "bgr"]),
    help="detectron2, mmengine, dali, openvino, onnx, coreml, ncnn, opencv: order of the channels.",
)
@click.option(
    "--affine/--no-affine",
    default=None,
    help="state_dict, safetensors: with weight and bias, or without.",
)
@click.option(
    "--prefix", metavar="NAME", help="state_dict, safetensors: name of the layer in a model."
)
@click.option(
    "--absorb-eps",
    type=options.AMOUNT,
    metavar="EPS",
    help="state_dict, safetensors, flax: store var - EPS, so that a layer with this eps (1e-5 by "
    "default) equals Normalize.",
)
@click.option(
    "--input",
    type=click.Choice(["float", "uint8"]),
    help="onnx: images in [0, 1], or 8-bit ones in 0-255.  [default: float]",
)
@click.option(
    "--layout",
    type=click.Choice(["nchw", "nhwc"]),
    help="onnx: axes of the images.  [default: the model's own]",
)
@click.option(
    "--flags", is_flag=True, default=None, help="timm: print flags for timm's train.py instead."
)
@click.option(
    "--serialized", is_flag=True, default=None, help="albumentations: its own JSON instead."
)
def command(
    document: str,
    name: str,
    listed: bool,
    names: bool,
    method: str,
    pooled: bool,
    output: str | None,
    update: str | None,
    scale: int | None,
    precision: int | None,
    order: str | None,
    **given: Any,
) -> None:
    """Write the result STATS (default: bnstat.json; - is standard input) for a framework."""
    if listed or names:
        _print_targets(names)
        return
    target = TARGETS[name]
    chosen = _target_options(target, given)
    if update is not None:
        _check_update(target, chosen, output)
    stats = load(document)
    wanted: dict[str, Any] = {
        "method": method_of(method, pooled),
        "scale": scale,
        "order": order,
        "precision": precision,
    }
    if update is not None:
        _update(target, Path(update), stats, output or "", chosen, wanted)
        _note_origin(document, stats, target)
        return
    figures = target.figures(stats, **wanted)
    _note_origin(document, stats, target)
    file = target.file_with(chosen)
    output = output or (file if target.binary else "-")
    if target.binary and output == "-" and sys.stdout.isatty():
        raise ExportError(f"{name} is binary and not for a terminal; name a file with -o")
    data = target.render(figures, **chosen)
    path = None if output == "-" else _output_path(output, file)
    files.check_distinct([("--output", str(path or "-"))], [("STATS", document)])
    if path is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        files.write(path, data)
        data = path.read_bytes()
        say(f"written: {path}")
    if target.check is not None:
        say(f"checked: {target.check(data)}")


def _target_options(target: Target, given: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were given; refuse what the target does not take."""
    chosen = {option: value for option, value in given.items() if value is not None}
    for option in chosen.keys() - target.options:
        takers = ", ".join(other.name for other in TARGETS.values() if option in other.options)
        flag = next(p for p in command.params if p.name == option).opts[0]
        raise click.UsageError(f"{flag} is for {takers}, not for {target.name}")
    return chosen


def _check_update(target: Target, chosen: dict[str, Any], output: str | None) -> None:
    if target.bake is not None:
        if output in (None, "-"):
            raise click.UsageError("--update of a model writes another; name it with -o")
        return
    if target.config is None:
        able = ", ".join(o.name for o in TARGETS.values() if o.config or o.bake)
        raise click.UsageError(f"--update is for {able}, not for {target.name}")
    for option in ["output"] * (output is not None) + list(chosen):
        raise click.UsageError(f"--update changes its own file; it does not go with --{option}")


def _update(
    target: Target,
    path: Path,
    stats: Stats,
    output: str,
    chosen: dict[str, Any],
    wanted: dict[str, Any],
) -> None:
    """Change a config, or write a model again, as the target does."""
    if target.config is not None:
        changed = update_config(path, stats, target, **wanted)
        say(f"updated: {path} ({', '.join(changed)})")
    else:
        place = _output_path(output, target.file)
        checked = update_model(path, place, stats, target, chosen, **wanted)
        say(f"written: {place}")
        say(f"checked: {checked}")


def _output_path(output: str, name: str) -> Path:
    """Return the file to write: where only a folder is named, `name` in it."""
    path = Path(output)
    if not output.endswith(os.sep) and not path.is_dir():
        return path
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {output}: {error.strerror}") from error
    return path / name


def _note_origin(document: str, stats: Stats, target: Target) -> None:
    """Say on stderr that figures are of one shard alone, or of images before a Normalize."""
    if stats.unit == "normalized" and stats.unit not in target.units:
        say("composed with the pipeline's Normalize: for images before it")
    if stats.source.shards is not None:
        say(f"{document} is shard {stats.source.shards} alone; bnstat merge adds the others")


def _print_targets(names_only: bool) -> None:
    if names_only:
        click.echo("\n".join(TARGETS))
    else:
        show_list({name: [t.writes, "; ".join(_traits(t))] for name, t in TARGETS.items()})


def _traits(target: Target) -> tuple[str, ...]:
    """Return file, kind, units and order of channels; the first of several is the default."""
    return (
        f"{'binary' if target.binary else 'text'}, {target.file}",
        " or ".join(_UNITS[scale] for scale in target.scales),
        " or ".join(order.upper() for order in target.orders) or "channels as measured",
    )
