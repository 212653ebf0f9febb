"""The reading wing: a result in the form that a framework reads.

    table         all targets, a row each
    templates     the text of those that are snippets; snippets puts figures into it
    values        those that are plain values: JSON, YAML, TOML, CSV, shell variables
    torch_layers  Normalize and BatchNorm2d, and the files of their tensors
    figures       the numbers: unit, order of channels, digits; where they come from
    literals      values as text
    geometry      what a pipeline does to the size of images
    config        `--update`: the figures into a config of the user's
    editing       a file's text, of which only some values change

A framework whose form is more than a template has a file of its own.
"""

from bnstat.targets.table import TARGETS
from bnstat.targets.target import Target

__all__ = ["TARGETS", "Target"]
