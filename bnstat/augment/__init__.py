"""What is done to images before they are measured: spec text to transform, and its draws.

steps     transforms as data, and as text: "Resize(256) | CenterCrop(224)"
toml      a TOML file to steps; the files that come with bnstat, the presets
spec      any form to a pipeline, and to torchvision's transforms
user      package.module:attribute, the user's own transform; what it depends on
objects   a transform that is passed as an object
draws     the seed of each draw
masks     which samples count, through the draw of their image
"""

from bnstat.augment.draws import Draws, caller_undisturbed
from bnstat.augment.masks import Drawn
from bnstat.augment.spec import ParsedPipeline, Spec, read

__all__ = ["Drawn", "Draws", "ParsedPipeline", "Spec", "caller_undisturbed", "read"]
