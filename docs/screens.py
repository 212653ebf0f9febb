"""A Sphinx directive that runs a bnstat command on the demo's images and shows its screen.

    ```{screen} bnstat compute images
    ```

The commands of a page run one after another in one folder, in a real terminal of 100 columns; what
they print becomes an SVG picture. So no picture can be out of date.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx
from terminal_picture import screen


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
        from bnstat.measure.demo import write_demo_images

        _folders[page] = tempfile.TemporaryDirectory(prefix="bnstat-screens-")
        write_demo_images(Path(_folders[page].name, "images"))
    return Path(_folders[page].name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("screen", Screen)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
