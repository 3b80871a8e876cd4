"""The installed dm-haiku wheel, whose tests are run, and the frozen lists of cases."""

from __future__ import annotations

import importlib.metadata
import pathlib
import re
import sys
from typing import NoReturn

HERE = pathlib.Path(__file__).resolve().parent
FROZEN_VERSION = "0.0.17"  # of dm-haiku, whose cases the lists name
SHARD_CASES = 150  # cases per worker process, at most
CLASSES = ("public", "private", "broken", "skipped")

# Sources under haiku/_src that support tests and are not under test themselves.
SUPPORT_MODULES = frozenset(
    {
        "haiku._src.integration.common",
        "haiku._src.integration.descriptors",
        "haiku._src.integration.checkpoint_utils",
    }
)

# Files that import tensorflow or jax2tf for one case that is not PUBLIC.
NAME_TENSORFLOW = frozenset({"transform_test.py", "reshape_test.py"})

# Files that make flax unusable where it is loaded, and take for granted that importing
# the implementation has loaded it.
NEED_FLAX_LOADED = frozenset({"no_flax_test.py"})

PACKAGES = frozenset(
    {"haiku._src", "haiku._src.nets", "haiku._src.flax", "haiku._src.integration"}
)

# Cases that the adapter can run but that do not test the public API; pattern on
# the case id -> the private thing that they need.
FORCED_PRIVATE = dict(
    [
        (
            r"^integration/doctest_test\.py::",
            "doctests of upstream's own docstrings",
        ),
        (
            r"^integration/shim_hk_test\.py::",
            "the `hk` stand-ins inside upstream's private modules",
        ),
        (
            r"^data_structures_test\.py::FlatMappingTest::test_tree_map",
            "FlatMap._to_mapping",
        ),
        (
            r"^data_structures_test\.py::FlatMappingTest::test_golden_pickle",
            "pickles that name haiku._src.data_structures",
        ),
        (
            r"^data_structures_test\.py::FlatMappingTest::test_keys",
            "the private class name KeysOnlyKeysView",
        ),
        (
            r"^data_structures_test\.py::FlatMappingTest::test_flatmapping_",
            "data_structures.FlatMapping",
        ),
        (
            r"^reshape_test\.py::.*::test_reshape_convert$",
            "tensorflow, by way of jax2tf",
        ),
        (
            r"^transform_test\.py::.*::test_with_tensorflow_dict_wrapper$",
            "transform.check_mapping",
        ),
        (
            r"^module_test\.py::ModuleTest::test_submodules_in_ctor_tracked",
            "Module._submodules",
        ),
        (
            r"^mixed_precision_test\.py::.*::test_policy_for_reloaded_class",
            "reloading the private module haiku._src.conv",
        ),
    ]
)

# Cases that count as broken whether or not some of them pass.
FORCED_BROKEN = dict(
    [
        (
            r"^integration/jax2tf_test\.py::",
            "jax2tf: tensorflow 2.21 cannot load programs of jax 0.10.2",
        ),
    ]
)


def set_up_error(message: str) -> NoReturn:
    """Ends the program: nothing was tested."""
    print(message, file=sys.stderr)
    sys.exit(2)


def wheel_src() -> pathlib.Path:
    """The ``haiku/_src`` directory of the installed dm-haiku (not imported)."""
    return pathlib.Path(str(installed().locate_file("haiku"))) / "_src"


def installed() -> importlib.metadata.Distribution:
    try:
        return importlib.metadata.distribution("dm-haiku")
    except importlib.metadata.PackageNotFoundError:
        set_up_error("dm-haiku must be installed: its wheel contains the tests.")


def test_files() -> list[str]:
    src = wheel_src()
    return sorted(str(p.relative_to(src)) for p in src.rglob("*_test.py"))


def dotted(relative_path: str) -> str:
    return "haiku._src." + relative_path[: -len(".py")].replace("/", ".")


def read_list(name: str) -> dict[str, str]:
    """Reads ``name.txt``: one case id a line, optionally a tab and a remark."""
    path = HERE / f"{name}.txt"
    out = {}
    if path.exists():
        for line in path.read_text().splitlines():
            if line and not line.startswith("#"):
                case, _, remark = line.partition("\t")
                out[case] = remark
    return out


def forced(patterns: dict[str, str], case: str) -> str | None:
    for pattern, why in patterns.items():
        if re.search(pattern, case):
            return why
    return None


def selected(file: str, only: list[str]) -> bool:
    """Whether one of the names means the file: conv_test.py, conv, nets/mlp."""
    return any(
        file in (name, name + "_test.py")
        or file.endswith(("/" + name, "/" + name + "_test.py"))
        for name in only
    )
