"""Random keys outside of transforms: one stream for the program."""

from __future__ import annotations

import itertools
import os

import numpy as np

import haiku_core as hk

from .boxes import Array, Box, concrete

stream: list[Box] = []


def set_seed(seed: int | None) -> None:
    """Starts the stream of random keys afresh; None takes a seed from the system."""
    seed = int.from_bytes(os.urandom(4), "little") if seed is None else int(seed)
    value = np.array([seed & 0xFFFFFFFF, 0], np.uint32)
    if stream:
        stream[0].value = value
    else:
        stream.append(Box(value, trainable=False, name="random stream"))


def next_rng_key() -> Array:
    """A fresh random key: the transform's inside a transform, else the stream's."""
    if inside_transform():
        return hk.next_rng_key()
    if not stream:
        set_seed(0)
    box = stream[0]
    key = box.value
    # Two words are a threefry key as they stand: no work on the device for a key.
    box.value = key + np.array([0, 1], np.uint32)
    return key


def inside_transform() -> bool:
    try:
        hk.running_init()
    except ValueError:
        return False
    return True


_creations = itertools.count()


def fresh_key() -> Array:
    """A key for initial values: from the stream's seed, never from a traced value."""
    if not stream:
        set_seed(0)
    seed = np.asarray(concrete(stream[0]))[0]
    return np.array([seed ^ 0x9E3779B9, next(_creations)], np.uint32)
