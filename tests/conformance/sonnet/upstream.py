"""Where Sonnet's tests are: in the installed dm-sonnet wheel, read at run time."""

from __future__ import annotations

import os
import sys


def set_up_error(message):
    """Ends the program: nothing was tested."""
    print(message, file=sys.stderr)
    sys.exit(2)


# Upstream files that are test support, not library: executed from the wheel
# (at run time) under the adapter, so that goldens etc. see the shim.
SUPPORT = (
    "sonnet.src.conformance.goldens",
    "sonnet.src.conformance.descriptors",
    "sonnet.src.optimizers.optimizer_tests",
    "sonnet.src.distribute.replicator_test_utils",
)


def wheel_root(explicit=None):
    if explicit:
        return os.path.abspath(explicit)
    import importlib.metadata as md

    try:
        dist = md.distribution("dm-sonnet")
    except md.PackageNotFoundError:
        set_up_error("dm-sonnet must be installed: its wheel contains the tests.")
    return str(dist.locate_file(""))


def test_files(root):
    out = []
    base = os.path.join(root, "sonnet")
    for d, _, names in os.walk(base):
        for n in names:
            if n.endswith("_test.py"):
                out.append(os.path.relpath(os.path.join(d, n), root))
    ex = os.path.join(root, "examples", "simple_mnist_test.py")
    if os.path.exists(ex):
        out.append(os.path.relpath(ex, root))
    return sorted(out)


def modname(rel):
    return rel[:-3].replace(os.sep, ".")
