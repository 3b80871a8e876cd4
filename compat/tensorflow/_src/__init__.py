"""The dictionary of tf.*: importing this package fills it."""

from compat.tensorflow._src import activations as activations
from compat.tensorflow._src import arithmetic as arithmetic
from compat.tensorflow._src import autodiff as autodiff
from compat.tensorflow._src import comparison as comparison
from compat.tensorflow._src import control as control
from compat.tensorflow._src import convolution as convolution
from compat.tensorflow._src import creation as creation
from compat.tensorflow._src import debugging as debugging
from compat.tensorflow._src import dtypes as dtypes
from compat.tensorflow._src import elementwise as elementwise
from compat.tensorflow._src import image as image
from compat.tensorflow._src import indexing as indexing
from compat.tensorflow._src import initializers as initializers
from compat.tensorflow._src import linalg as linalg
from compat.tensorflow._src import losses as losses
from compat.tensorflow._src import methods as methods
from compat.tensorflow._src import names as names
from compat.tensorflow._src import nests as nests
from compat.tensorflow._src import normalisation as normalisation
from compat.tensorflow._src import pooling as pooling
from compat.tensorflow._src import random as random
from compat.tensorflow._src import reductions as reductions
from compat.tensorflow._src import segments as segments
from compat.tensorflow._src import shapes as shapes
from compat.tensorflow._src import signal as signal
