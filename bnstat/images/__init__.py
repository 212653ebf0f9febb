"""Where pixels come from: sources to references, references to decoded images.

reference    an image's key and where it is
limits       the most that an image may take
naming       which names are images
folder       a folder's images, in key order
single       a file named as a source
listing      a list of file names
shards       disjoint parts of a set of images
archive      the images in one file: formats are tar (header), zip, parquet
urls         whatever fsspec reads
remote       a file or folder at a URL
patterns     braces and wildcards; matches, what they match
source       what all of these are to a run
locating     which of them a location is
sources      several of them, as one
decoding     a file to a Pillow image
modes        Pillow's modes: depth, palettes, and the 8 bits that pipelines take
"""

from bnstat.images.limits import Limits
from bnstat.images.reference import Reference
from bnstat.images.shards import read_shard
from bnstat.images.sources import Sources

__all__ = ["Limits", "Reference", "Sources", "read_shard"]
