"""`tf.data.Dataset`, of its parts."""

from __future__ import annotations

from typing import Any

from compat.runtime.data.grouping import Grouping
from compat.runtime.data.mapping import Transforming
from compat.runtime.data.ordering import Ordering
from compat.runtime.data.sources import Sources
from compat.runtime.export import export
from compat.runtime.tensor import Tensor


@export("tf.data.Options")
class Options:
    """Settings of TensorFlow's own pipeline; without effect."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = Options()
        object.__setattr__(self, name, made)
        return made


@export("tf.data.Dataset")
class Dataset(Sources, Transforming, Grouping, Ordering):
    """Elements, and what can be done with them.

    Each transformation gives a new dataset; nothing runs before it is iterated over.
    """

    def with_options(self, options: Any, name: Any = None) -> Dataset:
        """Itself: options have no effect."""
        return self

    def options(self) -> Options:
        """Options without effect."""
        return Options()


export("tf.data.experimental.sample_from_datasets")(Dataset.sample_from_datasets)


@export("tf.data.experimental.cardinality")
def cardinality(dataset: Dataset) -> Tensor:
    """The number of elements, or INFINITE or UNKNOWN."""
    return dataset.cardinality()
