"""A Sphinx directive that runs a bnstat command on the demo's images and shows its screen.

    ```{screen} bnstat compute images
    ```

The commands of a page run one after another in one folder, in a real terminal of 100 columns; what
they print becomes an SVG picture. So no picture can be out of date.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import termios
from io import StringIO
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text
from sphinx.application import Sphinx

COLUMNS = 100


class Screen(Directive):
    """Runs its argument, a bnstat command line, and stands for a picture of the screen."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return the picture."""
        picture = screen(self.arguments[0], _folder(self.state.document.settings.env.docname))
        return [nodes.raw("", f'<div class="screen">{picture}</div>', format="html")]


_folders: dict[str, tempfile.TemporaryDirectory[str]] = {}


def _folder(page: str) -> Path:
    """Return the folder in which a page's commands run; `images` in it has the demo's images."""
    if page not in _folders:
        from bnstat.images.demo_images import write_demo_images

        _folders[page] = tempfile.TemporaryDirectory(prefix="bnstat-screens-")
        write_demo_images(Path(_folders[page].name, "images"))
    return Path(_folders[page].name)


def screen(command: str, folder: Path) -> str:
    """Return what a terminal shows of a bnstat command that runs in a folder, as SVG."""
    printed = _run(command, folder)
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True)
    console.print(Text(f"$ {command}", style="bold"))
    console.print(Text.from_ansi(printed))
    return console.export_svg(title="bnstat", theme=SVG_EXPORT_THEME, code_format=_plain_format())


def _run(command: str, folder: Path) -> str:
    """Run a command with a terminal as its standard output; return what it printed."""
    program, *arguments = shlex.split(command)
    if program != "bnstat":
        raise ValueError(f"{command}: only bnstat's own commands are shown")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "bnstat", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
    )
    os.close(theirs)
    stdout = _read(ours)
    assert process.stderr is not None
    stderr = process.stderr.read().decode()
    if process.wait() not in (0, 1, 3):  # done, or with differences or failures to show
        raise RuntimeError(f"{command} ended with status {process.returncode}: {stderr}")
    return stderr + stdout


def _read(terminal: int) -> str:
    """Return all that is written to a terminal until its other end is closed."""
    data = b""
    while True:
        try:
            piece = os.read(terminal, 1 << 16)
        except OSError:  # how Linux tells of the end
            piece = b""
        if not piece:
            os.close(terminal)
            return data.decode().replace("\r\n", "\n")
        data += piece


def _plain_format() -> str:
    """Return rich's SVG template without the web fonts that it would have a browser fetch."""
    from rich._export_format import CONSOLE_SVG_FORMAT

    return re.sub(r"@font-face {{.*?}}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("screen", Screen)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
