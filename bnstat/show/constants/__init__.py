"""Constants from elsewhere: well-known ones by name, those of other tools' files, and typed ones.

named     published constants, with their sources
reading   constants from what a user types: a name, MEAN/STD, or a file
files     what the files of other tools say, and in which units
"""

from bnstat.show.constants.named import CONSTANTS, Constants
from bnstat.show.constants.reading import read

__all__ = ["CONSTANTS", "Constants", "read"]
