"""Bytes to samples: a file decoded whole or not at all, and which of its pixels count.

references     in a worker: references to decoded images, within limits
decoding       a file to a Pillow image
image_formats  the formats of image files that are opened
other_files    what a file is that is no image
frames         where the images of a file are that holds several
jpeg           whether the data of a JPEG reach to its end
png_checksums  the checksums of the pixels of a PNG
samples        samples as TIFF, JPEG 2000 and other files declare them: depth and sign
modes          Pillow's modes: depth, palettes, and the 8 bits that pipelines take
raster         the bands of rasters, block by block, as GDAL reads them
selection      which samples count: all conditions together, on a decoded image
masks          the mask of an image, and the masks that second images make
excluded       transparent pixels, and samples of a value that stands for "no data"

An image that cannot be measured raises: UnmeasurableError where bnstat decides it, whatever Pillow
and its decoders raise otherwise. `decoding.reason` makes one line of each, which is its failure.
"""
