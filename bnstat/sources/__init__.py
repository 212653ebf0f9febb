"""Where images come from: sources yield references, whose bytes workers read.

bounds          the contract of all that reads bytes; limits, parsers' steps, decompression
reference       an image's key, and where its bytes are; frames: which image of a file it is
source          what every kind of source offers to a run; shards and random samples
sources         all sources of a run, as one stream; opening: from settings, objects and results
locations       which kind of source a location is; naming: keys, endings, spellings of paths
patterns        patterns of paths: globs, and where the second image of each image is
folder          the images below a folder; listing: a list of file names
archive         the images in one file: tar (tar_headers), zip, Parquet (parquet_layout)
urls            files and folders at URLs, through fsspec; web: time limits, errors, http
items           what datasets give: datasets, streams, arrays

All that reads bytes here keeps to the contract at the head of bounds.
"""
