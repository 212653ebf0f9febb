"""Where images come from: sources yield references, whose bytes workers read.

reference       an image's key, and where its bytes are; frames: which image of a file it is
source          what every kind of source offers to a run
sources         all sources of a run, as one stream; opening: from settings and results
locations       which kind of source a location is; naming: keys, endings, patterns
folder          the images below a folder; remote_folder: at a URL; links: several names of a file
listing         a list of file names
archive         the images in one file: tar (tar_headers), zip (zip_directory), Parquet (its layout)
urls            files at URLs, through fsspec; web: time limits, errors, http
mask_files      the second image of each image
sampling        shards and random samples
limits          the most that an image may take; lengths: what files say of their own parts

All that reads bytes here keeps to one contract, whatever the bytes are:

1. It never writes, and opens nothing that an archive or a list in it names.
2. It goes forward with every step (lengths.py): it ends, or raises UnreadableError, or the
   system's own OSError.
3. What it holds in memory is bounded, by limits or by a MAX_* at the head of its module.
4. It yields each reference as soon as that is known, and reads no further than it is asked.
5. Broken bytes are one failure. What was read before them counts.
6. `Reference.open`, in a worker, compares sizes with limits first, and returns a file that can
   seek; what is decompressed has no more bytes than its archive declares.
"""
