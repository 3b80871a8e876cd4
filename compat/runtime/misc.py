"""Names that are no ops: constants, printing, checks, marks of other modes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from compat.runtime import autograph, errors, nest
from compat.runtime.control_flow import is_traced
from compat.runtime.export import export
from compat.runtime.tensor import Tensor, convert, is_tensor

for _name, _thing in vars(errors).items():
    if isinstance(_thing, type | int) and not _name.startswith("_"):
        if _name != "MissingNameError":
            export(f"tf.errors.{_name}")(_thing)

export("tf.newaxis")(None)


@export("tf.autograph.experimental.do_not_convert")
def do_not_convert(func: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Marks a function that autograph leaves as it is."""
    if func is None:
        return do_not_convert
    func.__dict__["autograph_leaves_alone"] = True
    return func


@export("tf.autograph.to_graph")
def to_graph(
    entity: Callable[..., Any],
    recursive: bool = True,
    experimental_optional_features=None,
) -> Callable[..., Any]:
    """The function with control flow that works on traced tensors."""
    return autograph.convert(entity)


@export("tf.autograph.experimental.set_loop_options")
def set_loop_options(**options: Any) -> None:
    """Has no effect: shapes in compiled loops do not change."""


@export("tf.autograph.set_verbosity")
def set_verbosity(*args: Any, **kwargs: Any) -> None:
    """Has no effect."""


@export("tf.print")
def print_(*inputs: Any, **kwargs: Any) -> None:
    """Prints values; inside a trace each time that it runs.

    Args:
      *inputs: tensors and anything else.
      **kwargs: `output_stream` (a stream), `sep` and `end`; others have no effect.
    """
    stream = kwargs.get("output_stream", sys.stderr)
    if not hasattr(stream, "write"):
        stream = sys.stderr
    sep, end = kwargs.get("sep", " "), kwargs.get("end", "\n")
    parts = nest.flatten(list(inputs))
    if any(is_traced(p) for p in parts if is_tensor(p)):
        _print_later(inputs, stream, sep, end)
        return
    print(*[_shown(i) for i in inputs], sep=sep, end=end, file=stream)


def _print_later(inputs: Any, stream: Any, sep: str, end: str) -> None:
    import jax

    tensors = [p for p in nest.flatten(list(inputs)) if is_tensor(p)]

    def show(*arrays: Any) -> None:
        values = iter(arrays)
        filled = nest.map_structure(
            lambda p: np.asarray(next(values)) if is_tensor(p) else p, list(inputs)
        )
        print(*[_shown(i) for i in filled], sep=sep, end=end, file=stream)

    jax.debug.callback(show, *[convert(t)._array for t in tensors])


def _shown(value: Any) -> str:
    if is_tensor(value):
        value = convert(value).numpy()
    if isinstance(value, np.ndarray):
        return np.array2string(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, list | tuple | dict):
        return str(
            nest.map_structure(lambda v: v.numpy() if is_tensor(v) else v, value)
        )
    return str(value)


@export("tf.py_function", "tf.numpy_function", "tf.compat.v1.py_func")
def numpy_function(
    func: Callable[..., Any], inp: Any, Tout: Any, name: Any = None, **unused: Any
) -> Any:
    """Calls a Python function with the tensors' values.

    Raises:
      UnimplementedError: inside a trace: the shapes of the results are not known.
    """
    tensors = [convert(i) for i in inp]
    if any(is_traced(t) for t in tensors):
        raise errors.UnimplementedError(
            "tf.py_function inside tf.function: call the function outside, or use "
            "jax.pure_callback with the shapes of the results"
        )
    out = func(*tensors)
    kinds = Tout if isinstance(Tout, list | tuple) else [Tout]
    values = list(out) if isinstance(Tout, list | tuple) else [out]
    made = [_as(v, k) for v, k in zip(values, kinds, strict=False)]
    return made if isinstance(Tout, list | tuple) else made[0]


def _as(value: Any, dtype: Any) -> Tensor:
    from compat.runtime.dtypes import as_dtype

    return convert(
        value if is_tensor(value) else np.asarray(value), None, as_dtype(dtype).numpy
    )


@export("tf.Graph", "tf.compat.v1.Session", "tf.compat.v1.placeholder")
class Graph:
    """Raises NotImplementedError: programs that build graphs are not supported."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(
            "TensorFlow 1 graphs and sessions are not supported: use tf.function"
        )


export("tf.version.VERSION")("2.21.0")
export("tf.version.GIT_VERSION")("compat")
export("tf.version.COMPILER_VERSION")("compat")


@export("tf.train.experimental.PythonState")
class PythonState:
    """A base class of programs' own objects; checkpoints pass it by."""


@export(
    "tf.python.saved_model.revived_types.register_revived_type",
    "tf.python.saved_model.revived_types.VersionedTypeRegistration",
)
def accepts_saved_model_types(*args: Any, **kwargs: Any) -> None:
    """Has no effect: there are no SavedModels here whose types could be revived."""


def _keras_optimizer(name: str, *bases: type) -> type:
    def refuse(self: Any, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(
            f"tf.optimizers.{name}: Keras' optimizers are not supported, use "
            "snt.optimizers, or optax in migrated code"
        )

    text = "A name for annotations; raises NotImplementedError when made."
    made = type(name, bases, {"__init__": refuse, "__doc__": text})
    return export(f"tf.optimizers.{name}", f"tf.keras.optimizers.{name}")(made)


Optimizer = _keras_optimizer("Optimizer")
for _name in ("SGD", "Adam", "RMSprop", "Adagrad", "Ftrl"):
    _keras_optimizer(_name, Optimizer)
