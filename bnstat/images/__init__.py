"""Where pixels come from: sources to references, references to decoded images.

reference    an image's key and where it is
folder       a folder's images, in key order
listing      a list of file names
sources      several of these, as one
decoding     a file to a Pillow image
samples      an image to the counts of its sample values
"""

from bnstat.images.reference import Reference, part_of
from bnstat.images.sources import Sources

__all__ = ["Reference", "Sources", "part_of"]
