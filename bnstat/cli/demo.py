"""`bnstat demo`: the whole story on a small generated folder."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from bnstat.cli.help import subcommand
from bnstat.errors import OutputError

_FILES_OF_A_DEMO = {"images", "bnstat.json", "bnstat.pt", "report.html"}


@subcommand("demo", "The whole story on a small generated folder.")
@click.argument("folder", default="bnstat-demo", metavar="[FOLDER]")
def command(folder: str) -> None:
    """Draw a small folder of images and run bnstat on it, command by command.

    Everything goes into FOLDER (default: bnstat-demo). One image is broken on purpose.
    """
    from bnstat.measure.warm_up import warm_up

    # What workers will need for the pipeline is imported while images are drawn.
    warm_up({"workers": None, "engine": None, "start_method": None, "augment": "colorjitter"})
    from bnstat.measure.demo import write_demo_images

    home = Path(folder)
    _check_is_demo_folder(home)
    _note("Two classes of images in different light; one gray, one 16-bit, one broken on purpose:")
    images = home / "images"
    write_demo_images(images)
    _show(f"{images}: {sum(1 for path in images.rglob('*') if path.is_file())} images drawn")
    document, layer = home / "bnstat.json", home / "bnstat.pt"
    _note("Measure them three ways. The broken one is named, and makes the exit status 3:")
    _run("compute", str(images), "--batch-size", "8", "-o", str(document))
    _note("What a pipeline does to the statistics:")
    _run("compare", str(document), "--augment", "colorjitter", "--max-failures", "1")
    _note("A snippet for torchvision:")
    _run("export", str(document), "--format", "normalize")
    _note("Or a primed BatchNorm2d, to put first in a model:")
    _run("export", str(document), "--format", "state_dict", "-o", str(layer))
    _show_report(document, home / "report.html")
    _note("Now on your own images: bnstat compute FOLDER")


def _check_is_demo_folder(home: Path) -> None:
    """Refuse a folder with anything in it that a demo did not put there."""
    others = {path.name for path in home.iterdir()} - _FILES_OF_A_DEMO if home.is_dir() else set()
    if others or (home.exists() and not home.is_dir()):
        raise OutputError(f"{home} exists and is no demo folder; name another: bnstat demo FOLDER")


def _show_report(document: Path, page: Path) -> None:
    """Write the report, where the packages for it are installed."""
    from bnstat.show.page import MISSING, check_jinja

    _note("A page with pictures, to look at and to send:")
    try:
        check_jinja()
    except OutputError:
        _show(f"({MISSING})")
    else:
        _run("report", str(document), "-o", str(page))


def _run(*arguments: str) -> None:
    from bnstat.cli.app import run

    _show(f"$ bnstat {shlex.join(arguments)}")
    status = run(arguments)
    if status:
        _show(f"[exit status {status}]")


def _note(text: str) -> None:
    _show(f"\n# {text}")


def _show(text: str) -> None:
    click.echo(text)
    sys.stdout.flush()
