"""The reading wing: a result in the form that a framework reads.

table         all targets, a row each
templates     the text of those that are snippets, with figures put into it
frameworks    configs of Hugging Face, timm, OpenCLIP, Detectron2
values        plain values: JSON, YAML, TOML, CSV, shell variables
torch_layers  Normalize and BatchNorm2d, and the files of their tensors
onnx          a model with the normalization in front: onnx_graph its nodes, onnx_check a run
figures       the numbers: unit, order of channels, digits, as text; where they come from
pipeline      what a pipeline's text says: sizes, a Normalize at its end
config        `--update`: some values of a user's file change, and no other byte;
json_values and yaml_values find where they stand
"""

from bnstat.targets.table import TARGETS, Target

__all__ = ["TARGETS", "Target"]
