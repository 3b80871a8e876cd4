"""Replicas of a model on several local devices: one vectorised program.

A function is traced once for a replica, with the replicas as a named axis; JAX
vectorises it, and the partitioner spreads the axis over the devices. What replicas own
(variables made in a strategy's scope, parts of a batch) is kept stacked, sharded along
that axis.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from compat.dictionary import Static, T
from compat.runtime import nest
from compat.runtime.distribution import MirroredStrategy, ReplicaContext
from compat.runtime.plans import Plan, run
from compat.runtime.random import next_key
from compat.runtime.staging import stage
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor, Tracer, convert, is_tensor
from compat.runtime.variable import Variable, variable_creator_scope
from compat.sonnet._src.layer import layer

AXIS = "replica"


class PerReplica(NamedTuple):
    """One value for each replica; a nest, so that a tf.function takes and returns it.

    Attributes:
      stacked: the values, one after the other along the first axis.
    """

    stacked: Tensor

    @property
    def values(self) -> tuple[Tensor, ...]:
        """The values, a tensor each."""
        return tuple(_part(self.stacked, at=i) for i in range(self.stacked.shape[0]))


class _Own:
    """A `PerReplica` as a leaf."""

    def __init__(self, stacked: Tensor) -> None:
        self.stacked = stacked


def _with_leaves(structure: Any) -> Any:
    """A nest with its `PerReplica`s as leaves."""
    if isinstance(structure, PerReplica):
        return _Own(structure.stacked)
    if isinstance(structure, dict):
        return {k: _with_leaves(v) for k, v in structure.items()}
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        return type(structure)(*map(_with_leaves, structure))
    if isinstance(structure, list | tuple):
        return type(structure)(map(_with_leaves, structure))
    return structure


@layer()
def _part(x: T, *, at: Static):
    return x[at]


@layer()
def _repeated(x: T, *, times: Static):
    return jnp.broadcast_to(x, (times, *x.shape))


@layer()
def _split(x: T, *, parts: Static):
    return x.reshape(parts, x.shape[0] // parts, *x.shape[1:])


@layer()
def _mean_over(x: T):
    return lax.pmean(x, AXIS)


@layer()
def _sum_over(x: T):
    return lax.psum(x, AXIS)


@layer()
def _mean(x: T, *, axes: Static):
    return jnp.mean(x, axes)


@layer()
def _sum(x: T, *, axes: Static):
    return jnp.sum(x, axes)


def _is_mean(reduce_op: Any) -> bool:
    name = str(getattr(reduce_op, "value", reduce_op)).upper()
    if name not in ("MEAN", "SUM"):
        raise ValueError(f"reduce_op must be 'mean' or 'sum', not {reduce_op!r}")
    return name == "MEAN"


class _Replica(ReplicaContext):
    """Where code runs in a replica: its variables have the replica's own values."""

    def __init__(self, strategy: Strategy) -> None:
        super().__init__(strategy)
        self.num_replicas_in_sync = strategy.num_replicas_in_sync
        self.values: dict[int, Tensor] = {}

    @property
    def replica_id_in_sync_group(self) -> Tensor:
        """The number of the replica, a scalar."""
        return Tensor(lax.axis_index(AXIS))

    def all_reduce(self, reduce_op: Any, value: Any, options: Any = None) -> Any:
        """The mean or sum of a nest of tensors over all replicas."""
        mean = _is_mean(reduce_op)

        def reduced(x: Any) -> Tensor:
            x = convert(x)
            if isinstance(x._array, Tracer):
                return _mean_over(x) if mean else _sum_over(x)
            return x if mean else x * self.num_replicas_in_sync  # alike everywhere

        return nest.map_structure(reduced, value)


class ReplicaVariable(Variable):
    """A variable of which each replica has its own value.

    Outside replicas it reads as the first replica's, and a value assigned to it is
    assigned in all.
    """

    def __init__(self, strategy: Strategy, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._strategy = strategy
        times = strategy.num_replicas_in_sync
        self._stack = Variable(
            strategy.placed(_repeated(self._value, times=times)),
            trainable=False,
            name="replicas",
        )
        strategy.variables.append(weakref.ref(self))

    def _replica(self) -> _Replica | None:
        return self._strategy.replica

    def _peek(self) -> Tensor:
        replica = self._replica()
        if replica is None:
            return _part(self._stack._peek(), at=0)
        found = replica.values.get(id(self))
        if found is None:  # made in this very call
            found = replica.values[id(self)] = Tensor(self._value._array)
        return found

    def _write(self, value: Tensor) -> None:
        replica = self._replica()
        value = Tensor(value._array)
        if replica is None:
            times = self._strategy.num_replicas_in_sync
            self._stack._write(self._strategy.placed(_repeated(value, times=times)))
        else:
            replica.values[id(self)] = value

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        copied = Variable(self._peek(), self._trainable)
        copied._name = self._name
        memo[id(self)] = copied
        return copied

    def __reduce__(self) -> Any:
        return self.__deepcopy__({}).__reduce__()


class Strategy(MirroredStrategy):
    """Runs functions on replicas, one on each of several local devices."""

    def __init__(self, devices: Sequence[Any]) -> None:
        super().__init__()
        self.devices = list(devices)
        self.num_replicas_in_sync = len(self.devices)
        self.variables: list[weakref.ref[ReplicaVariable]] = []
        self.replica: _Replica | None = None
        mesh = jax.sharding.Mesh(np.array(self.devices), (AXIS,))
        self._sharding = jax.sharding.NamedSharding(
            mesh, jax.sharding.PartitionSpec(AXIS)
        )

    def placed(self, stacked: Tensor) -> Tensor:
        """A stacked tensor, spread over the devices where it has a value."""
        if STATE.frame is not None or isinstance(stacked._array, Tracer):
            return stacked
        with jax.enable_x64(True):
            return Tensor(jax.device_put(stacked._array, self._sharding))

    def creator(self) -> variable_creator_scope:
        """Makes variables replicas' own."""

        def create(next_creator: Any, **kwargs: Any) -> Variable:
            del next_creator
            kwargs = {k: v for k, v in kwargs.items() if v is not None}
            saved, STATE.creators = STATE.creators, []
            try:
                return ReplicaVariable(self, **kwargs)
            finally:
                STATE.creators = saved

        return variable_creator_scope(create)

    def run(
        self, fn: Callable[..., Any], args: Any = (), kwargs: Any = None, options=None
    ) -> Any:
        """Calls the function in every replica.

        Args:
          fn: the function.
          args, kwargs: its arguments; of a `PerReplica` among them each replica gets
            its own value, anything else goes to all.

        Returns:
          The nest of results, each tensor a `PerReplica`.
        """
        given = _with_leaves((tuple(args), dict(kwargs or {})))
        leaves = nest.flatten(given)
        places = [
            i
            for i, leaf in enumerate(leaves)
            if isinstance(leaf, _Own) or is_tensor(leaf)
        ]
        stacks = [self._stacked(leaves[i]) for i in places]
        count = len(self._alive())
        staged = self._staged(fn, given, leaves, places, stacks, creates=True)
        if len(self._alive()) > count or staged.draws or staged.created:
            staged = self._staged(fn, given, leaves, places, stacks, creates=False)
        return self._executed(staged, stacks)

    def _alive(self) -> list[ReplicaVariable]:
        found = [
            v for v in (reference() for reference in self.variables) if v is not None
        ]
        self.variables = [weakref.ref(v) for v in found]
        return found

    def _stacked(self, leaf: Any) -> Tensor:
        if isinstance(leaf, _Own):
            return leaf.stacked
        return _repeated(leaf, times=self.num_replicas_in_sync)

    def _staged(
        self,
        fn: Callable[..., Any],
        given: Any,
        leaves: list[Any],
        places: list[int],
        stacks: list[Tensor],
        creates: bool,
    ) -> Any:
        known = self._alive()
        avals = [
            jax.ShapeDtypeStruct(t._array.shape[1:], t._array.dtype)
            for t in (*stacks, *(v._stack._peek() for v in known))
        ]

        def body(*tensors: Tensor) -> Any:
            replica = _Replica(self)
            filled = list(leaves)
            for place, tensor in zip(places, tensors, strict=False):
                filled[place] = tensor
            for variable, tensor in zip(known, tensors[len(places) :], strict=True):
                replica.values[id(variable)] = tensor
            before, self.replica = self.replica, replica
            context, self._context = self._context, replica
            try:
                inner_args, inner_kwargs = nest.pack_sequence_as(given, filled)
                with self.scope():
                    result = fn(*inner_args, **inner_kwargs)
                after = [v._peek() for v in known]
            finally:
                self.replica, self._context = before, context
            return result, after

        found: list[Any] = []

        def traced(index: Any) -> Any:
            found.append(stage(body, avals, creates=creates, name="Replicator.run"))
            return index

        # The trace needs the axis in sight.
        jax.eval_shape(
            jax.vmap(traced, axis_name=AXIS), jnp.arange(self.num_replicas_in_sync)
        )
        return found[-1]

    def _executed(self, staged: Any, stacks: list[Tensor]) -> Any:
        known = self._alive()
        captured = staged.values()
        times = self.num_replicas_in_sync

        def pure(key: Any, *arrays: Any) -> Any:
            keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(times))
            shared = arrays[: len(captured)]
            return jax.vmap(
                lambda key, own: staged.pure(*shared, key, *own),
                axis_name=AXIS,
                axis_size=times,
            )(keys, arrays[len(captured) :])

        key = next_key() if staged.draws else Tensor(np.zeros(2, np.uint32))
        inputs = [*stacks, *(v._stack._peek() for v in known)]
        inputs = [self.placed(t) for t in inputs]
        flat = run(Plan(pure, "Replicator.run"), [key, *captured, *inputs])
        total = len(staged.outputs.arrays)
        for variable, value in zip(staged.written, flat[total:], strict=True):
            variable._write(_part(value, at=0))
        result, after = staged.outputs.rebuild(flat[:total])
        for variable, value in zip(known, after, strict=True):
            variable._stack._write(value)
        return nest.map_structure(
            lambda x: PerReplica(x) if isinstance(x, Tensor) else x, result
        )

    def reduce(self, reduce_op: Any, value: Any, axis: Any = None) -> Any:
        """The mean or sum over replicas, and over an axis of each value if given."""
        over = _mean if _is_mean(reduce_op) else _sum

        def reduced(x: Any) -> Tensor:
            if not isinstance(x, _Own):
                return convert(x) if axis is None else over(x, axes=(axis,))
            axes = (0,) if axis is None else (0, axis + 1 if axis >= 0 else axis)
            return over(x.stacked, axes=axes)

        return nest.map_structure(reduced, _with_leaves(value))

    def experimental_local_results(self, value: Any) -> tuple[Any, ...]:
        """The replicas' values."""
        return value.values if isinstance(value, PerReplica) else (value,)

    unwrap = experimental_local_results

    def split(self, batch: Any) -> Any:
        """A batch in equal parts, one for each replica.

        Raises:
          ValueError: its size is not a multiple of the number of replicas.
        """

        def parts(x: Any) -> PerReplica:
            x = convert(x)
            if x.shape[0] % self.num_replicas_in_sync:
                raise ValueError(
                    f"a batch of {x.shape[0]} can't be split over "
                    f"{self.num_replicas_in_sync} replicas"
                )
            return PerReplica(_split(x, parts=self.num_replicas_in_sync))

        return nest.map_structure(parts, batch)

    def experimental_distribute_dataset(self, dataset: Any, options: Any = None) -> Any:
        """An iterable of the dataset's batches, each split over the replicas."""
        return _Distributed(self, dataset)

    def experimental_distribute_values_from_function(self, value_fn: Any) -> Any:
        """What the function returns for each replica; it takes a context."""
        values = []
        for i in range(self.num_replicas_in_sync):
            context = ReplicaContext(self)
            context.replica_id_in_sync_group = i
            context.num_replicas_in_sync = self.num_replicas_in_sync
            values.append(convert(value_fn(context)))
        return PerReplica(convert(values))


class _Distributed:
    """A dataset whose batches are split."""

    def __init__(self, strategy: Strategy, dataset: Any) -> None:
        self._strategy, self._dataset = strategy, dataset

    def __iter__(self) -> Any:
        return (self._strategy.split(batch) for batch in self._dataset)
