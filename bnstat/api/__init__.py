"""What a user can call; the command line calls nothing else.

compute    measure images
sweep      what BatchNorm would hold under many schedules
compare    results side by side
merge      results of disjoint images to one
load       read a result
"""

from bnstat.api.comparing import compare
from bnstat.api.computing import compute, load
from bnstat.api.merging import merge
from bnstat.api.sweeping import sweep

__all__ = ["compare", "compute", "load", "merge", "sweep"]
