"""`tf.data.Dataset` over arrays, files and generators.

A dataset is a recipe: each iteration starts it anew. Elements are nests (tuples, dicts)
of numpy arrays inside and of tensors where programs see them. Functions given to `map`
and its like are compiled where they can be.
"""

from compat.runtime.data.dataset import Dataset as Dataset
from compat.runtime.data.iteration import DatasetIterator as DatasetIterator

__all__ = ["Dataset", "DatasetIterator"]
