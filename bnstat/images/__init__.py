"""Where pixels come from: sources to references, references to decoded images.

reference    an image's key and where it is
folder       a folder's images, in key order
listing      a list of file names
shards       disjoint parts of a set of images
sources      several of these, as one
decoding     a file to a Pillow image
samples      an image to the counts of its sample values
"""

from bnstat.images.reference import Reference
from bnstat.images.shards import read_shard
from bnstat.images.sources import Sources

__all__ = ["Reference", "Sources", "read_shard"]
