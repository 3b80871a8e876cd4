"""What several tests share: building modules, and how alike two distributions are."""

import numpy as np
import sonnet as snt
import tensorflow as tf

from tests.compat.sonnet.cases import Array, Made, Named

DRAWS = 12


def build(described, snt, tf):
    """Makes what is described, with these packages."""
    if isinstance(described, Made):
        args = build(list(described.args), snt, tf)
        return resolve(described.name, snt, tf)(
            *args, **build(described.kwargs, snt, tf)
        )
    if isinstance(described, Named):
        return resolve(described.name, snt, tf)
    if isinstance(described, Array):
        return described.value()
    if isinstance(described, list):
        return [build(d, snt, tf) for d in described]
    if isinstance(described, dict):
        return {k: build(v, snt, tf) for k, v in described.items()}
    return described


def resolve(name, snt, tf):
    """The thing behind a dotted name."""
    first, *rest = name.split(".")
    thing = {"snt": snt, "tf": tf}[first]
    for part in rest:
        thing = getattr(thing, part)
    return thing


def all_variables(module, snt):
    """A module's variables, also where it has none."""
    snt.allow_empty_variables(module)
    return list(module.variables)


def started(case, snt, tf):
    """A freshly built module and its trainable variables."""
    module = build(case.made, snt, tf)
    case.call(module, *map(tf.constant, case.inputs("float32")))
    return module, [v for v in all_variables(module, snt) if v.trainable]


_starts = {}


def sonnet_starts(case):
    """Initial values of Sonnet's trainable variables, several times over."""
    key = repr(case.made)
    if key not in _starts:
        _starts[key] = [
            [v.numpy() for v in started(case, snt, tf)[1]] for _ in range(DRAWS)
        ]
    return _starts[key]


def assert_same_distribution(ours, theirs, about=""):
    """By the two-sample test of Kolmogorov and Smirnov; constants must be equal.

    One false alarm in 10^5 tests of equal distributions.
    """
    ours, theirs = np.sort(np.ravel(ours)), np.sort(np.ravel(theirs))
    assert ours.shape == theirs.shape, about
    if np.ptp(theirs) == 0:
        np.testing.assert_array_equal(ours, theirs, err_msg=about)
        return
    both = np.concatenate([ours, theirs])
    below = [np.searchsorted(x, both, side="right") / len(x) for x in (ours, theirs)]
    distance = np.max(np.abs(below[0] - below[1]))
    assert distance < np.sqrt(-np.log(0.5e-5) / len(ours)), about


def starts_of(cases):
    """One case for each way of making a module: it starts alike however it runs."""
    return tuple({repr(case.made): case for case in cases}.values())
