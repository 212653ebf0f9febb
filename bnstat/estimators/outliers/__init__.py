"""Which images are unlike the rest of their group, and what each does to the figures.

images     the images of a table of records
scores     how unusual each is, and in what
influence  what each does to mean and std of the set
finding    the outliers, the strongest first
"""

from bnstat.estimators.outliers.finding import find_outliers, strongest
from bnstat.estimators.outliers.images import Images
from bnstat.estimators.outliers.scores import THRESHOLD, robust_z

__all__ = ["THRESHOLD", "Images", "find_outliers", "robust_z", "strongest"]
