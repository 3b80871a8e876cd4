"""Every public name of dm-haiku 0.0.17 is here, of the same kind and signature."""

import inspect
import pathlib
import types

import pytest

import haiku_core as hk
from tests.haiku_core.upstream import haiku

_ROWS = [
    line.split("\t")[:2]
    for line in (pathlib.Path(__file__).parents[1] / "conformance/haiku/api.tsv")
    .read_text()
    .splitlines()[1:]
]


def _lookup(root, name):
    for part in name.split(".")[1:]:
        root = getattr(root, part)
    return root


def _parameters(function):
    """Names, kinds and defaults, as far as these can be compared."""
    found = []
    for parameter in inspect.signature(function).parameters.values():
        default = parameter.default
        plain = default is parameter.empty or isinstance(
            default, (bool, int, float, str, tuple, dict, type(None))
        )
        found.append((parameter.name, parameter.kind, default if plain else "..."))
    return found


@pytest.mark.parametrize(("name", "kind"), _ROWS, ids=[row[0] for row in _ROWS])
def test_name(name, kind):
    ours, theirs = _lookup(hk, name), _lookup(haiku, name)
    if kind == "module":
        assert isinstance(ours, types.ModuleType)
    elif kind == "namedtuple":
        assert ours._fields == theirs._fields
    elif kind == "class":
        assert inspect.isclass(ours)
        assert not {
            member
            for member in vars(theirs)
            if not member.startswith("_") and not hasattr(ours, member)
        }
    if kind in ("class", "function") and not issubclass(type(ours), type(pytest)):
        if name.endswith(".flax.Module"):
            return  # Flax writes the constructor.
        if getattr(ours, "_is_protocol", False):
            return
        # `concrete` is an argument of jax.checkpoint's that does nothing any more.
        wanted = [entry for entry in _parameters(theirs) if entry[0] != "concrete"]
        assert _parameters(ours) == wanted


def test_all_of_the_rows_are_there():
    assert len(_ROWS) == 231


def test_names_that_only_come_on_use_can_be_listed():
    assert {"tabulate", "flax", "jaxpr_info"} <= set(dir(hk.experimental))
    assert "lift" in dir(hk.experimental.flax)
    with pytest.raises(AttributeError, match="nonsense"):
        hk.experimental.nonsense  # noqa: B018
    with pytest.raises(AttributeError, match="nonsense"):
        hk.experimental.flax.nonsense  # noqa: B018


def test_what_a_star_imports():
    """All that dm-haiku has, and `jit`; the rest is imported when asked for."""
    assert set(haiku.__all__) <= {*hk.__all__, "__version__"}
    extra = set(hk.__all__) - set(haiku.__all__)
    documented = {name.split(".")[1] for name, _ in _ROWS}
    assert extra - documented == {"jit"}
    assert all(hasattr(hk, name) for name in hk.__all__)
    assert hk.__version__ == haiku.__version__
