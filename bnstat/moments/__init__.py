"""What is kept of pixels, and how it merges.

Pixels end here. An image is measured as the moments of its samples: n, Σx and Σx² as integers
where the samples are integers (an 8- or 16-bit image is a histogram), or n, mean and M2, the sum of
squared deviations from the mean, where they are floats. Integer moments add exactly, in any order.

    Appearances  what the images of a chunk are like
    ChunkCounts  of a chunk of images, inside a worker
    MomentsTable one row of moments a draw; what leaves the worker
    Records      all rows of a run, by key
    Moments      the exact total of integer samples
    Centred      n, mean, M2 and ends by channel, of the floats of one image
    Pooled       n, mean and M2 by channel, of any floats
"""

from bnstat.moments.chunk_counts import Appearance, Appearances, ChunkCounts, ChunkMoments, Kind
from bnstat.moments.floats import Centred, NotFiniteError, Pooled, SampleError, moments_of_floats
from bnstat.moments.keys import Hashes, HashesByKey
from bnstat.moments.records import Records
from bnstat.moments.table import ChannelMoments, Floats, Ints, Moments, MomentsTable

__all__ = [
    "Appearance",
    "Appearances",
    "Centred",
    "ChannelMoments",
    "ChunkCounts",
    "ChunkMoments",
    "Floats",
    "Hashes",
    "HashesByKey",
    "Ints",
    "Kind",
    "Moments",
    "MomentsTable",
    "NotFiniteError",
    "Pooled",
    "Records",
    "SampleError",
    "moments_of_floats",
]
