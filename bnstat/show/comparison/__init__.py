"""Results side by side: differences, and what they mean. Pure: it reads and prints nothing.

rows            what is compared, and what it differs by
running_values  how far BatchNorm's running values may be from two-pass
findings        what follows, in sentences
comparison      all of these as one result
"""

from bnstat.show.comparison.comparison import Comparison, compare
from bnstat.show.comparison.findings import FAR_MEAN, FAR_SCALE, SHIFT, Finding
from bnstat.show.comparison.rows import Difference, Row
from bnstat.show.comparison.running_values import NOISE, ROUNDING, deviations

__all__ = [
    "FAR_MEAN",
    "FAR_SCALE",
    "NOISE",
    "ROUNDING",
    "SHIFT",
    "Comparison",
    "Difference",
    "Finding",
    "Row",
    "compare",
    "deviations",
]
