"""How the variables of a Sonnet module lie in its Haiku counterpart, and back.

A `Layout` belongs to one of Haiku's classes. Its placements say which Sonnet variables
make which parameters or state, its children say under which Sonnet attribute a
submodule is found. Haiku's attribute names for submodules are used where the user
gave the submodules (`children`), the submodules' own names where the class made them
(`inner`): those names are part of every saved parameter tree, so they can't differ
between implementations.

Classes without a layout, the user's own and those that keep Sonnet's shapes, keep
Sonnet's attribute paths. Only numpy is needed here.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

Shape = tuple[int, ...]
Arrays = tuple[np.ndarray, ...]


class LayoutError(ValueError):
    """A variable doesn't fit the place that its layout gives it."""


# ------------------------------------------------------------------- changes of shape
def _exact(source: Shape, target: Shape) -> bool:
    return source == target


def _unit_axes(source: Shape, target: Shape) -> bool:
    """Whether the shapes differ in axes of size one only."""
    return [n for n in source if n != 1] == [n for n in target if n != 1]


def _merged_channels(source: Shape, target: Shape) -> bool:
    """[height, width, channels, multiplier] as [height, width, 1, the product]."""
    return len(source) == 4 and target == (*source[:2], 1, source[2] * source[3])


def _without_leading_ones(shape: Shape, module: object) -> Shape:
    """[1, C, 1, 1] → [C, 1, 1]; [1, 1, 1, C] → [C]."""
    del module
    while len(shape) > 1 and shape[0] == 1:
        shape = shape[1:]
    return shape


def _without_trailing_ones(shape: Shape, module: object) -> Shape:
    """[C, 1, 1] → [C]."""
    del module
    while len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    return shape


def _split_channels(shape: Shape, module: object) -> Shape:
    multiplier = getattr(module, "channel_multiplier", 1)
    return (*shape[:2], shape[3] // multiplier, multiplier)


@dataclasses.dataclass(frozen=True)
class Reshape:
    """A change of shape that moves no element.

    Attributes:
      allows: Tells whether a source shape may become a target shape.
      undo: Gives the source shape for a target shape and the Haiku module.
    """

    allows: Callable[[Shape, Shape], bool]
    undo: Callable[[Shape, object], Shape]


EXACT = Reshape(_exact, lambda shape, module: shape)
NORM_AXES = Reshape(_unit_axes, _without_leading_ones)
BIAS_AXES = Reshape(_unit_axes, _without_trailing_ones)
DEPTHWISE = Reshape(_merged_channels, _split_channels)


# ------------------------------------------------------------------ changes of content
def flip_kernel(arrays: Arrays, _: object = None) -> Arrays:
    """Reverses the spatial axes of a transposed convolution's kernel.

    Sonnet's transposed convolution is the gradient of a convolution, Haiku's slides
    the kernel as it stands: the same kernel, seen from the other end. Its own inverse.
    """
    (w,) = arrays
    return (w[(slice(None, None, -1),) * (w.ndim - 2)],)


def swap_gates(array: np.ndarray) -> np.ndarray:
    """Exchanges the second and third of four gate blocks on the last axis.

    Sonnet orders them input, forget, cell, output; Haiku input, cell, forget, output.
    Its own inverse.
    """
    first, second, third, fourth = np.split(array, 4, axis=-1)
    return np.concatenate([first, third, second, fourth], axis=-1)


def shift_forget(array: np.ndarray, by: float) -> np.ndarray:
    """Adds `by` to the third of four blocks, rounding once.

    Haiku's LSTM adds one to the forget gate when it runs; Sonnet keeps whatever was
    added at the start inside the bias.
    """
    array = array.copy()
    block = array.shape[-1] // 4
    forget = array[..., 2 * block : 3 * block]
    forget[...] = (forget.astype(np.float64) + by).astype(array.dtype)
    return array


def _lstm_weights(arrays: Arrays, _: object = None) -> Arrays:
    return (swap_gates(np.concatenate(arrays, axis=0)),)


def _lstm_weights_back(arrays: Arrays, _: object = None) -> Arrays:
    (w,) = arrays
    hidden = w.shape[-1] // 4
    w = swap_gates(w)
    return w[: w.shape[0] - hidden], w[w.shape[0] - hidden :]


def _lstm_bias(arrays: Arrays, _: object = None) -> Arrays:
    return (shift_forget(swap_gates(arrays[0]), -1.0),)


def _lstm_bias_back(arrays: Arrays, _: object = None) -> Arrays:
    return (swap_gates(shift_forget(arrays[0], 1.0)),)


def _gates(arrays: Arrays, _: object = None) -> Arrays:
    return (swap_gates(arrays[0]),)


def _twice(
    only: Callable[[Arrays], Arrays],
) -> tuple[Callable[..., Arrays], Callable[..., Arrays]]:
    """What belongs to one bias in Sonnet belongs to both of Haiku's."""

    def moments(arrays: Arrays, shapes: Sequence[Shape | None]) -> Arrays:
        del shapes
        (b,) = only(arrays)
        return b, b

    return moments, lambda arrays, _: only(arrays[:1])


def _spread_bias(only: Callable[[Arrays], Arrays]) -> Callable[..., Arrays]:
    """Puts one bias in the first target; the second, if it exists, is zero."""

    def forward(arrays: Arrays, shapes: Sequence[Shape | None]) -> Arrays:
        (b,) = only(arrays)
        return b, np.zeros(shapes[1] or b.shape, b.dtype)

    return forward


def _gather_bias(only: Callable[[Arrays], Arrays]) -> Callable[..., Arrays]:
    """Adds up the two biases that Haiku keeps and Sonnet does not tell apart."""

    def inverse(arrays: Arrays, _: object = None) -> Arrays:
        present = [a for a in arrays if a is not None]
        return only((present[0] if len(present) == 1 else present[0] + present[1],))

    return inverse


def _as_is(arrays: Arrays, _: object = None) -> Arrays:
    return arrays


# ------------------------------------------------------------------------- the records
@dataclasses.dataclass(frozen=True)
class Placement:
    """Where some variables of a Sonnet module go.

    Attributes:
      sources: Sonnet attribute paths, relative to the module.
      targets: ``"params:w"`` or ``"state:hidden"``, or with a submodule
        ``"params:linear/w"``, relative to the Haiku module.
      forward: From the sources' arrays and the targets' shapes to the targets'
        arrays; None where the bytes stay as they are and only `reshape` applies.
      inverse: The way back, from the targets' arrays (None for one that isn't there).
      reshape: The change of shape that is allowed where `forward` is None.
      optional: Targets that are filled if the Haiku module has them.
      neutral: The value at which the sources may be left out where the Haiku module
        has no place for them.
      moments: `forward` and `inverse` for an optimizer's moments of the sources, where
        they differ: what is added to a weight doesn't show in its gradients.
      dtype: The element type of the sources where it isn't that of the targets.
      exact: Whether the way there and back gives the same bits.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    forward: Callable[[Arrays, Sequence[Shape | None]], Arrays] | None = None
    inverse: Callable[[Arrays, object], Arrays] | None = None
    reshape: Reshape = EXACT
    optional: frozenset[str] = frozenset()
    neutral: float | None = None
    moments: tuple[Callable[..., Arrays], Callable[..., Arrays]] | None = None
    dtype: str | None = None
    exact: bool = True


@dataclasses.dataclass(frozen=True)
class Layout:
    """All that is known of one Haiku class.

    Attributes:
      placements: Where its variables go.
      children: Haiku attribute path → Sonnet attribute path, for submodules that are
        held as attributes; a longer path inherits the change of its head.
      inner: Name of a submodule that the class itself makes → Sonnet attribute path;
        ``{i}`` stands for a number.
      names: Gives the Sonnet attribute path of a variable from its Haiku name, where a
        module's variables depend on how it was made.
      caution: Where the class computes something else from the same variables.
    """

    placements: tuple[Placement, ...] = ()
    children: Mapping[str, str] = dataclasses.field(default_factory=dict)
    inner: Mapping[str, str] = dataclasses.field(default_factory=dict)
    names: Callable[[str], str] | None = None
    caution: str = ""

    def child_path(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """The Sonnet attribute path for a Haiku attribute path of a submodule."""
        for size in range(len(path), 0, -1):
            alias = self.children.get("/".join(path[:size]))
            if alias is not None:
                return (*alias.split("/"), *path[size:])
        return path

    def inner_path(self, name: str) -> tuple[str, ...] | None:
        """The Sonnet attribute path of the submodule called `name`, if known."""
        for pattern, alias in self.inner.items():
            match = re.fullmatch(re.escape(pattern).replace(r"\{i\}", r"(\d+)"), name)
            if match:
                number = match.group(1) if match.groups() else ""
                return tuple(alias.replace("{i}", number).split("/"))
        return None


def same(
    *names: str,
    collection: str = "params",
    reshape: Reshape = EXACT,
    neutral: float | None = None,
) -> tuple[Placement, ...]:
    """Placements of variables that keep their names and bytes."""
    return tuple(
        Placement((name,), (f"{collection}:{name}",), reshape=reshape, neutral=neutral)
        for name in names
    )


def _renamed(source: str, target: str, dtype: str | None = None) -> Placement:
    return Placement((source,), (target,), dtype=dtype)


_BIAS = same("b", reshape=BIAS_AXES)
_WEIGHTS = Layout((*same("w"), *_BIAS))
_TRANSPOSED = Layout(
    (Placement(("w",), ("params:w",), flip_kernel, flip_kernel), *_BIAS)
)
_DEPTHWISE = Layout((*same("w", reshape=DEPTHWISE), *_BIAS))
_NORM = Layout(same("scale", "offset", reshape=NORM_AXES))
_BATCH_NORM = Layout(
    (
        *same("scale", reshape=NORM_AXES, neutral=1.0),
        *same("offset", reshape=NORM_AXES, neutral=0.0),
    ),
    inner={"mean_ema": "moving_mean", "var_ema": "moving_variance"},
)
_AVERAGE = Layout(
    (
        _renamed("_hidden", "state:hidden"),
        _renamed("average", "state:average"),
        _renamed("_counter", "state:counter", "int64"),
    )
)
_LSTM = Layout(
    (
        Placement(
            ("_w_i", "_w_h"), ("params:linear/w",), _lstm_weights, _lstm_weights_back
        ),
        Placement(
            ("b",),
            ("params:linear/b",),
            _lstm_bias,
            _lstm_bias_back,
            moments=(_gates, _gates),
            exact=False,
        ),
    )
)
_CONV_LSTM = Layout(
    (
        *(
            Placement((f"_{name}/w",), (f"params:{name}/w",), _gates, _gates)
            for name in ("input_to_hidden", "hidden_to_hidden")
        ),
        Placement(
            ("b",),
            ("params:input_to_hidden/b", "params:hidden_to_hidden/b"),
            _spread_bias(_lstm_bias),
            _gather_bias(_lstm_bias_back),
            optional=frozenset({"params:hidden_to_hidden/b"}),
            moments=_twice(_gates),
            exact=False,
        ),
    )
)
_GRU = Layout(
    (
        _renamed("_w_i", "params:w_i"),
        _renamed("_w_h", "params:w_h"),
        *same("b"),
    )
)
_VANILLA = Layout(
    caution="always has relu, Sonnet's is tanh unless told otherwise",
    placements=(
        _renamed("_input_to_hidden/w", "params:linear/w"),
        _renamed("_hidden_to_hidden/w", "params:linear_1/w"),
        Placement(
            ("_b",),
            ("params:linear/b", "params:linear_1/b"),
            _spread_bias(_as_is),
            _gather_bias(_as_is),
            optional=frozenset({"params:linear_1/b"}),
            moments=_twice(_as_is),
        ),
    ),
)
_LAYERS = Layout(children={"layers": "_layers"})
_EMA_QUANTIZER = Layout(
    same("embeddings", collection="state"),
    inner={"ema_cluster_size": "ema_cluster_size", "ema_dw": "ema_dw"},
)
_RESNET = Layout(
    caution="pads its strided convolutions otherwise than Sonnet's: hk.sonnet.ResNet"
    " gives Sonnet's numbers",
    inner={
        "initial_conv": "_initial_conv",
        "initial_batchnorm": "_initial_batchnorm",
        "block_group_{i}": "_block_groups/{i}",
        "final_batchnorm": "_final_batchnorm",
        "logits": "_logits",
    },
)
_SHORTCUT = {"shortcut_conv": "_proj_conv", "shortcut_batchnorm": "_proj_batchnorm"}

# Haiku's classes by name, the same in every implementation of its interface.
LAYOUTS: dict[str, Layout] = {
    **{name: _WEIGHTS for name in ("Linear", "Conv1D", "Conv2D", "Conv3D", "ConvND")},
    **{f"Conv{n}DTranspose": _TRANSPOSED for n in (1, 2, 3)},
    "ConvNDTranspose": _TRANSPOSED,
    "DepthwiseConv2D": _DEPTHWISE,
    "Bias": Layout(same("b")),
    **{name: _NORM for name in ("LayerNorm", "InstanceNorm", "GroupNorm")},
    "BatchNorm": _BATCH_NORM,
    "ExponentialMovingAverage": _AVERAGE,
    "Embed": Layout(same("embeddings")),
    "LSTM": _LSTM,
    "GRU": _GRU,
    "VanillaRNN": _VANILLA,
    **{f"Conv{n}DLSTM": _CONV_LSTM for n in (1, 2, 3)},
    "ConvNDLSTM": _CONV_LSTM,
    "Sequential": _LAYERS,
    "DeepRNN": _LAYERS,
    "_DeepRNN": _LAYERS,
    "MLP": Layout(inner={"linear_{i}": "_layers/{i}"}),
    "VectorQuantizer": Layout(same("embeddings")),
    "VectorQuantizerEMA": _EMA_QUANTIZER,
    **{
        name: _RESNET
        for name in ("ResNet", *(f"ResNet{n}" for n in (18, 34, 50, 101, 152, 200)))
    },
    "BlockGroup": Layout(inner={"block_{i}": "_blocks/{i}"}),
    "BlockV1": Layout(
        inner={
            **_SHORTCUT,
            "conv_{i}": "_layers/{i}/0",
            "batchnorm_{i}": "_layers/{i}/1",
        }
    ),
    "BlockV2": Layout(
        inner={**_SHORTCUT, "conv_{i}": "_conv_{i}", "batchnorm_{i}": "_bn_{i}"}
    ),
}
# Classes in Sonnet's own layout, where a parameter isn't called as Sonnet's attribute.
_PLAIN_LSTM = Layout(
    (
        _renamed("_w_i", "params:w_i"),
        _renamed("_w_h", "params:w_h"),
        *same("b", "projection"),
    )
)


def _in_template(name: str) -> str:
    """A nest of variables, named by their paths with ``__`` for ``/``."""
    return "_template" if name == "state" else "_template/" + name.replace("__", "/")


SONNET_LAYOUTS: dict[str, Layout] = {
    "LSTM": _PLAIN_LSTM,
    "UnrolledLSTM": _PLAIN_LSTM,
    "GRU": _GRU,
    "CuDNNGRU": _GRU,
    "VanillaRNN": Layout((_renamed("_b", "params:b"),)),
    "ExponentialMovingAverage": _AVERAGE,
    "TrainableState": Layout(names=_in_template),
    "Mean": Layout(
        (
            *same("sum", collection="state"),
            _renamed("count", "state:count", "int64"),
        )
    ),
}
_HAIKU = ("haiku", "haiku_core")
_PLAIN = Layout()


def layout_of(kind: type) -> Layout:
    """The layout of a Haiku class: its own, or the nearest base's that has one.

    The user's own classes keep Sonnet's attribute paths, and so do those of
    `haiku_core.sonnet`, but for the names of some parameters.
    """
    for base in kind.__mro__:
        marker = vars(base).get("_sonnet_layout")  # survives a copy of the file
        if marker is not None:
            return SONNET_LAYOUTS[marker]
        package, _, rest = base.__module__.partition(".")
        known = LAYOUTS
        if package not in _HAIKU:
            continue
        if rest.split(".")[0] == "sonnet":
            known = SONNET_LAYOUTS
            if base.__name__ not in known and base.__name__ in LAYOUTS:
                return _PLAIN
        found = known.get(base.__name__)
        if found is not None:
            return found
    return _PLAIN
