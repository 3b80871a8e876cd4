"""Inspection of models, and other names of Haiku's that live in ``experimental``."""

import importlib
from typing import TYPE_CHECKING, Any

from haiku_core._src.dot import abstract_to_dot as abstract_to_dot
from haiku_core._src.dot import to_dot as to_dot
from haiku_core._src.frames import current_name as current_name
from haiku_core._src.hooks import GetterContext as GetterContext
from haiku_core._src.hooks import custom_creator as custom_creator
from haiku_core._src.hooks import custom_getter as custom_getter
from haiku_core._src.jax_transforms import fast_eval_shape as fast_eval_shape
from haiku_core._src.keys import (
    maybe_get_rng_sequence_state as maybe_get_rng_sequence_state,
)
from haiku_core._src.keys import (
    replace_rng_sequence_state as replace_rng_sequence_state,
)
from haiku_core._src.layer_stack import (
    LayerStackTransparencyMapping as LayerStackTransparencyMapping,
)
from haiku_core._src.layer_stack import layer_stack as layer_stack
from haiku_core._src.lift import LiftWithStateUpdater as LiftWithStateUpdater
from haiku_core._src.lift import lift as lift
from haiku_core._src.lift import lift_with_state as lift_with_state
from haiku_core._src.lift import transparent_lift as transparent_lift
from haiku_core._src.lift import (
    transparent_lift_with_state as transparent_lift_with_state,
)
from haiku_core._src.module import MethodContext as MethodContext
from haiku_core._src.module import intercept_methods as intercept_methods
from haiku_core._src.module import name_scope as name_scope
from haiku_core._src.naming import force_name as force_name
from haiku_core._src.naming import name_like as name_like
from haiku_core._src.options import check_jax_usage as check_jax_usage
from haiku_core._src.options import module_auto_repr as module_auto_repr
from haiku_core._src.options import rng_reserve_size as rng_reserve_size
from haiku_core._src.rng_use import optimize_rng_use as optimize_rng_use
from haiku_core._src.variables import DO_NOT_STORE as DO_NOT_STORE
from haiku_core._src.variables import get_current_state as get_current_state
from haiku_core._src.variables import get_initial_state as get_initial_state
from haiku_core._src.variables import get_params as get_params
from haiku_core.experimental import flax as flax

if TYPE_CHECKING:
    from haiku_core._src.summarise import ArraySpec as ArraySpec
    from haiku_core._src.summarise import MethodInvocation as MethodInvocation
    from haiku_core._src.summarise import ModuleDetails as ModuleDetails
    from haiku_core._src.summarise import eval_summary as eval_summary
    from haiku_core._src.summarise import tabulate as tabulate
    from haiku_core.experimental import jaxpr_info as jaxpr_info

ParamContext = GetterContext

# What only a look at a model needs is imported on first use: it would make up a good
# part of the time that `import haiku_core` takes.
_ON_USE = dict.fromkeys(
    ("ArraySpec", "MethodInvocation", "ModuleDetails", "eval_summary", "tabulate"),
    "haiku_core._src.summarise",
)


def __getattr__(name: str) -> Any:
    if name == "jaxpr_info":
        return importlib.import_module("haiku_core.experimental.jaxpr_info")
    if name not in _ON_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_ON_USE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_ON_USE, "jaxpr_info"})
