"""Haiku's API on JAX: ``import haiku_core as hk``.

Modules that own their parameters by name, and ``hk.transform``, which turns functions
that use them into pure functions. Names, shapes and initial values of parameters are
those of dm-haiku 0.0.17, so parameters load in either direction unchanged.
"""

# ---- core
from haiku_core import config as config
from haiku_core import typing as typing
from haiku_core._src.frames import current_name as current_name
from haiku_core._src.hooks import GetterContext as GetterContext
from haiku_core._src.hooks import SetterContext as SetterContext
from haiku_core._src.hooks import custom_creator as custom_creator
from haiku_core._src.hooks import custom_getter as custom_getter
from haiku_core._src.hooks import custom_setter as custom_setter
from haiku_core._src.keys import PRNGSequence as PRNGSequence
from haiku_core._src.keys import (
    maybe_get_rng_sequence_state as maybe_get_rng_sequence_state,
)
from haiku_core._src.keys import maybe_next_rng_key as maybe_next_rng_key
from haiku_core._src.keys import next_rng_key as next_rng_key
from haiku_core._src.keys import next_rng_keys as next_rng_keys
from haiku_core._src.keys import (
    replace_rng_sequence_state as replace_rng_sequence_state,
)
from haiku_core._src.keys import reserve_rng_keys as reserve_rng_keys
from haiku_core._src.keys import with_rng as with_rng
from haiku_core._src.module import MethodContext as MethodContext
from haiku_core._src.module import Module as Module
from haiku_core._src.module import intercept_methods as intercept_methods
from haiku_core._src.module import name_scope as name_scope
from haiku_core._src.naming import force_name as force_name
from haiku_core._src.naming import name_like as name_like
from haiku_core._src.naming import transparent as transparent
from haiku_core._src.transform import Transformed as Transformed
from haiku_core._src.transform import TransformedWithState as TransformedWithState
from haiku_core._src.transform import running_init as running_init
from haiku_core._src.transform import transform as transform
from haiku_core._src.transform import transform_with_state as transform_with_state
from haiku_core._src.transform import with_empty_state as with_empty_state
from haiku_core._src.transform import without_state as without_state
from haiku_core._src.typing import ModuleProtocol as ModuleProtocol
from haiku_core._src.typing import MutableParams as MutableParams
from haiku_core._src.typing import MutableState as MutableState
from haiku_core._src.typing import Params as Params
from haiku_core._src.typing import State as State
from haiku_core._src.typing import SupportsCall as SupportsCall
from haiku_core._src.variables import DO_NOT_STORE as DO_NOT_STORE
from haiku_core._src.variables import get_current_state as get_current_state
from haiku_core._src.variables import get_initial_state as get_initial_state
from haiku_core._src.variables import get_parameter as get_parameter
from haiku_core._src.variables import get_params as get_params
from haiku_core._src.variables import get_state as get_state
from haiku_core._src.variables import set_state as set_state

# ---- core: end


# ---- layers (initializers, pad, nets, Linear, Conv*, norms, recurrent, pooling, ...)

# ---- layers: end
