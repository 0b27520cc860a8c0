"""Scores of one mask against another, in NumPy, SciPy and OpenCV only."""

from keras_hanet.metrics.calibration import EDGES as EDGES
from keras_hanet.metrics.calibration import Reliability as Reliability
from keras_hanet.metrics.calibration import brier as brier
from keras_hanet.metrics.calibration import ece as ece
from keras_hanet.metrics.calibration import reliability as reliability
from keras_hanet.metrics.calibration import risk_coverage as risk_coverage
from keras_hanet.metrics.lesions import count_found as count_found
from keras_hanet.metrics.lesions import largest_lesion as largest_lesion
from keras_hanet.metrics.lesions import lesion_ious as lesion_ious
from keras_hanet.metrics.overlap import Confusion as Confusion
from keras_hanet.metrics.overlap import accuracy as accuracy
from keras_hanet.metrics.overlap import as_booleans as as_booleans
from keras_hanet.metrics.overlap import confusion as confusion
from keras_hanet.metrics.overlap import dice as dice
from keras_hanet.metrics.overlap import jaccard as jaccard
from keras_hanet.metrics.overlap import precision as precision
from keras_hanet.metrics.overlap import sensitivity as sensitivity
from keras_hanet.metrics.overlap import specificity as specificity
from keras_hanet.metrics.size import agreement as agreement
from keras_hanet.metrics.size import long_axis as long_axis
from keras_hanet.metrics.surface import SurfaceDistances as SurfaceDistances
from keras_hanet.metrics.surface import assd as assd
from keras_hanet.metrics.surface import hausdorff as hausdorff
from keras_hanet.metrics.surface import hd95 as hd95
from keras_hanet.metrics.surface import nsd as nsd
from keras_hanet.metrics.surface import surface_distances as surface_distances
