"""Bytes to samples: a file decoded whole or not at all, and which of its pixels count.

references     in a worker: references to decoded images, within limits
image_formats  the formats of image files that are opened
png_checksums  the checksums of the pixels of a PNG
depth          how deep the samples of a file are, and whether they are signed
tiff           TIFF and, in jpeg_2000, JPEG 2000: samples as the file declares them
decoding       a file to a Pillow image
modes          Pillow's modes: depth, palettes, and the 8 bits that pipelines take
raster         the bands of rasters, block by block, as GDAL reads them
appearance     what a decoded image is like, besides its samples
selection      which pixels count
"""
