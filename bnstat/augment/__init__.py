"""What is done to images before they are measured: spec text to transform, and its draws.

step      one transform as data: name and arguments
inline    "Resize(256) | CenterCrop(224)" to steps
toml      a TOML file to steps; the files that come with bnstat, the presets
spec      any form to a recipe
build     steps to torchvision transforms
user      package.module:attribute, the user's own transform
code      what that depends on, for a journal
objects   a transform that is passed as an object
draws     the seed of each draw
masks     which samples count, through the draw of their image
"""

from bnstat.augment.draws import Draws, caller_undisturbed
from bnstat.augment.masks import Drawn
from bnstat.augment.spec import Recipe, Spec, read

__all__ = ["Drawn", "Draws", "Recipe", "Spec", "caller_undisturbed", "read"]
