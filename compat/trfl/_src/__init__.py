"""The dictionary of trfl.*: importing this package fills it."""

from compat.trfl._src import categorical_losses as categorical_losses
from compat.trfl._src import discrete_policies as discrete_policies
from compat.trfl._src import indexing as indexing
from compat.trfl._src import pixel_control as pixel_control
from compat.trfl._src import policy_objects as policy_objects
from compat.trfl._src import retrace as retrace
from compat.trfl._src import sequences as sequences
from compat.trfl._src import shapes as shapes
from compat.trfl._src import td_losses as td_losses
from compat.trfl._src import updates as updates
from compat.trfl._src import vtrace as vtrace
