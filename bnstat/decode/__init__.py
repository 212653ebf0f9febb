"""Bytes to samples: a file decoded whole or not at all, and which of its pixels count.

references   in a worker: references to decoded images, within limits
decoding     a file to a Pillow image; label maps as they are stored
image_files  the formats that are opened, what other files are, and the frames of a file
png, jpeg    what Pillow leaves unchecked: checksums, and whether the data reach to the end
samples      samples as their files declare them: depth, sign, 16-bit color
modes        Pillow's modes: depth, palettes, and the 8 bits that pipelines take
raster       the bands of rasters, block by block, as GDAL reads them
masks        which samples count: transparent pixels, and values that stand for "no data"
selection    all conditions together, and the masks that second images make
perceptual   small copies of images, and hashes of what they show

An image that cannot be measured raises: UnmeasurableError where bnstat decides it, whatever Pillow
and its decoders raise otherwise. `decoding.reason` makes one line of each, which is its failure.
"""
