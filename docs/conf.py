"""Sphinx's configuration: `python -m sphinx -W docs build/site` makes the site.

Sphinx rather than MkDocs: MkDocs 1 is no longer maintained, the theme that most of its sites use is
at its end of life, and their successors are young. Sphinx reads the pages as they are (MyST) and
the reference from the docstrings.
"""

import sys
from pathlib import Path

from bnstat import __version__

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

project = "bnstat"
author = "bnstat contributors"
copyright = author
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_*"]
nitpicky = False

myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
# docs/export.md shows files with values elided, which their lexers do not take.
suppress_warnings = ["misc.highlighting_failure"]

autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False

html_theme = "furo"
html_title = f"bnstat {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True}
