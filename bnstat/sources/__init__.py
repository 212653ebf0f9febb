"""Where pixels come from: sources to references, references to decoded images.

reference      an image's key, and where its bytes are
limits         the most that an image may take
naming         which names are images, and the keys of archive members
source         what every kind of source offers to a run
folder         the images in a folder, in key order
single_file    a file named as a source
listing        a list of file names
archive        the images in one file; formats names the kinds: tar (with header), zip, parquet
urls           reading URLs through fsspec; web: http, network: time limits and errors
url_sources    a file or a folder at a URL
patterns       braces and wildcards
matched_files  the files that a wildcard matches
locations      which kind of source a location is
sources        all sources of a run, as one stream
shards         disjoint shards of a set of images
image_formats  the formats of image files that are opened
png_checksums  the checksums of the pixels of a PNG
depth          how deep the samples of a file are, and whether they are signed
tiff           TIFF and, in jpeg_2000, JPEG 2000: samples as the file declares them
decoding       a file to a Pillow image
modes          Pillow's modes: depth, palettes, and the 8 bits that pipelines take
demo_images    the images of `bnstat demo`
"""

from bnstat.sources.limits import Limits, ReadLimits
from bnstat.sources.reference import Reference
from bnstat.sources.shards import read_shard
from bnstat.sources.sources import Sources

__all__ = ["Limits", "ReadLimits", "Reference", "Sources", "read_shard"]
