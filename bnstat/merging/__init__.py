"""Documents to one document: of shards of a set of images, or of several sets.

Pure: it reads and prints nothing. Its name is not "merge", as `bnstat.merge` is the function.

agreement  which documents can be added, and what to say of those that can
figures    sums, mean and variance, conventions
merging    all of it: sources, what counted, figures
"""

from bnstat.merging.agreement import Document
from bnstat.merging.merging import merge

__all__ = ["Document", "merge"]
