"""Documents to one document: of shards of a set of images, or of several sets.

Pure: it reads and prints nothing. Its name is not "merge", as `bnstat.merge` is the function.

merging  which documents can be added, and what to say of those that can; where their images are
figures  sums, mean and variance, margins, conventions, what counted
"""

from bnstat.merging.merging import Document, merge

__all__ = ["Document", "merge"]
