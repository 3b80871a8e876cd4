"""`tf.config` and `tf.distribute`, as far as single-process programs ask for them.

Everything runs on JAX's default device; a strategy here has one replica. Several local
devices are used by `compat.sonnet.distribute`, through `jax.sharding`.
"""

from __future__ import annotations

import collections
import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from compat.runtime.export import export
from compat.runtime.names import full_device
from compat.runtime.state import STATE

PhysicalDevice = collections.namedtuple("PhysicalDevice", "name device_type")
LogicalDevice = collections.namedtuple("LogicalDevice", "name device_type")
export("tf.config.PhysicalDevice")(PhysicalDevice)
export("tf.config.LogicalDevice")(LogicalDevice)

_virtual: dict[str, int] = {}


def _count(kind: str) -> int:
    import jax

    backend = jax.default_backend().upper()
    here = {"CPU": 1}
    if backend != "CPU":
        here[backend] = jax.local_device_count()
    return _virtual.get(kind, here.get(kind, 0))


def _kinds(device_type: str | None) -> list[str]:
    return ["CPU", "GPU", "TPU"] if device_type is None else [device_type.upper()]


@export(
    "tf.config.list_physical_devices",
    "tf.config.experimental.list_physical_devices",
    "tf.config.get_visible_devices",
    "tf.config.experimental.get_visible_devices",
)
def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The devices that JAX sees, with TensorFlow's names."""
    return [
        PhysicalDevice(f"/physical_device:{kind}:{i}", kind)
        for kind in _kinds(device_type)
        for i in range(1 if kind == "CPU" else _count(kind))
    ]


@export("tf.config.list_logical_devices", "tf.config.experimental.list_logical_devices")
def list_logical_devices(device_type: str | None = None) -> list[LogicalDevice]:
    """The devices a program may name."""
    return [
        LogicalDevice(f"/device:{kind}:{i}", kind)
        for kind in _kinds(device_type)
        for i in range(_count(kind))
    ]


@export(
    "tf.config.experimental.VirtualDeviceConfiguration",
    "tf.config.LogicalDeviceConfiguration",
)
class LogicalDeviceConfiguration:
    """One virtual device."""

    def __init__(self, memory_limit: Any = None, **unused: Any) -> None:
        self.memory_limit = memory_limit


@export(
    "tf.config.experimental.set_virtual_device_configuration",
    "tf.config.set_logical_device_configuration",
)
def set_logical_device_configuration(
    device: PhysicalDevice, logical_devices: Sequence[Any]
) -> None:
    """Notes how many devices to list; they are all the same one."""
    _virtual[device.device_type] = len(logical_devices)


@export(
    "tf.config.set_visible_devices",
    "tf.config.experimental.set_visible_devices",
    "tf.config.experimental.set_memory_growth",
    "tf.config.set_soft_device_placement",
    "tf.config.threading.set_inter_op_parallelism_threads",
    "tf.config.threading.set_intra_op_parallelism_threads",
    "tf.config.optimizer.set_jit",
    "tf.config.optimizer.set_experimental_options",
    "tf.config.experimental.enable_tensor_float_32_execution",
    "tf.config.experimental_connect_to_cluster",
    "tf.compat.v1.enable_v2_behavior",
    "tf.compat.v1.enable_eager_execution",
    "tf.compat.v1.enable_resource_variables",
    "tf.compat.v2.enable_v2_behavior",
    "tf.tpu.experimental.initialize_tpu_system",
)
def has_no_effect(*args: Any, **kwargs: Any) -> None:
    """Accepted, and without effect: JAX has its own settings."""


@export("tf.DeviceSpec")
class DeviceSpec:
    """The parts of a device name."""

    def __init__(
        self,
        job: Any = None,
        replica: Any = None,
        task: Any = None,
        device_type: Any = None,
        device_index: Any = None,
    ) -> None:
        self.job, self.replica, self.task = job, replica, task
        self.device_type = device_type and device_type.upper()
        self.device_index = device_index

    @classmethod
    def from_string(cls, spec: str) -> DeviceSpec:
        """The parts of a name such as "/job:localhost/device:CPU:0"."""
        fields: dict[str, Any] = {}
        for part in filter(None, spec.split("/")):
            key, *rest = part.split(":")
            if key in ("job", "replica", "task"):
                fields[key] = rest[0] if key == "job" else int(rest[0])
                continue
            kind, *index = rest if key.lower() == "device" else [key, *rest]
            fields["device_type"] = kind
            if index and index[0] != "*":
                fields["device_index"] = int(index[0])
        return cls(**fields)

    def to_string(self) -> str:
        """The name."""
        parts = [
            f"/{key}:{value}"
            for key, value in (
                ("job", self.job),
                ("replica", self.replica),
                ("task", self.task),
            )
            if value is not None
        ]
        if self.device_type is not None:
            index = "*" if self.device_index is None else self.device_index
            parts.append(f"/device:{self.device_type}:{index}")
        return "".join(parts)

    def replace(self, **kwargs: Any) -> DeviceSpec:
        """A copy with other parts."""
        return DeviceSpec(**{**vars(self), **kwargs})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DeviceSpec) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(self.to_string())

    __str__ = to_string


class _Context:
    """What `tensorflow.python.eager.context.context()` gives Sonnet's own sources."""

    @property
    def device_spec(self) -> DeviceSpec:
        """The device of the innermost `tf.device`."""
        return DeviceSpec.from_string(STATE.devices[-1])

    def executing_eagerly(self) -> bool:
        """True: there are no graphs that could be placed on devices later."""
        return True


@export("tf.python.eager.context.context")
def context() -> _Context:
    """The state of the thread."""
    return _Context()


@export("tf.distribute.ReduceOp")
class ReduceOp:
    """How values of replicas are brought together."""

    SUM = "SUM"
    MEAN = "MEAN"


@export("tf.distribute.ReplicaContext")
class ReplicaContext:
    """What code that runs in a replica may ask."""

    replica_id_in_sync_group = 0
    num_replicas_in_sync = 1

    def __init__(self, strategy: Strategy) -> None:
        self.strategy = strategy

    def all_reduce(self, reduce_op: Any, value: Any, options: Any = None) -> Any:
        """The value: there is one replica."""
        return value

    def merge_call(
        self, merge_fn: Callable[..., Any], args: Any = (), kwargs: Any = None
    ) -> Any:
        """Calls the function."""
        return merge_fn(self.strategy, *args, **(kwargs or {}))


@export("tf.distribute.Strategy")
class Strategy:
    """A strategy of one replica."""

    num_replicas_in_sync = 1

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._context = ReplicaContext(self)
        self.extended = self

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """Makes this the current strategy."""
        before = getattr(STATE, "strategy", None)
        STATE.strategy = self
        try:
            yield
        finally:
            STATE.strategy = before

    def run(
        self, fn: Callable[..., Any], args: Any = (), kwargs: Any = None, options=None
    ) -> Any:
        """Calls the function."""
        with self.scope():
            return fn(*args, **(kwargs or {}))

    experimental_run_v2 = run

    def reduce(self, reduce_op: Any, value: Any, axis: Any = None) -> Any:
        """The value, reduced over `axis` if given."""
        if axis is None:
            return value
        from compat.runtime.operators import tf_op

        name = "tf.reduce_mean" if reduce_op == ReduceOp.MEAN else "tf.reduce_sum"
        return tf_op(name)(value, axis=axis)

    def experimental_distribute_dataset(self, dataset: Any, options=None) -> Any:
        """The dataset."""
        return dataset

    def experimental_local_results(self, value: Any) -> tuple[Any, ...]:
        """The one value."""
        return (value,)

    unwrap = experimental_local_results


@export("tf.distribute.OneDeviceStrategy")
class OneDeviceStrategy(Strategy):
    """One replica on a named device."""

    def __init__(self, device: str = "") -> None:
        super().__init__()
        self.device = full_device(device)


@export("tf.distribute.MirroredStrategy")
class MirroredStrategy(Strategy):
    """TensorFlow's: one replica for each device. Here: one."""


@export("tf.distribute.TPUStrategy", "tf.distribute.experimental.TPUStrategy")
class TPUStrategy(Strategy):
    """TensorFlow's: one replica for each core. Here: one."""


_default: list[Strategy] = []


@export("tf.distribute.get_strategy")
def get_strategy() -> Strategy:
    """The current strategy."""
    current = getattr(STATE, "strategy", None)
    if current is not None:
        return current
    if not _default:
        _default.append(Strategy())
    return _default[0]


@export("tf.distribute.has_strategy")
def has_strategy() -> bool:
    """Whether a strategy's scope was entered."""
    return getattr(STATE, "strategy", None) is not None


@export("tf.distribute.get_replica_context")
def get_replica_context() -> ReplicaContext:
    """The context of the one replica."""
    return get_strategy()._context


@export("tf.distribute.in_cross_replica_context")
def in_cross_replica_context() -> bool:
    """False."""
    return False


@export("tf.test.is_built_with_cuda", "tf.test.is_gpu_available")
def is_built_with_cuda(*args: Any, **kwargs: Any) -> bool:
    """Whether JAX has a GPU."""
    return _count("GPU") > 0
