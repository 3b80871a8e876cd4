"""The helper file written into a user's tree: it stands alone and equals the bodies."""

import ast
import importlib.util
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import compat.legacy  # noqa: F401  (fills the dictionary)
from compat import dictionary
from compat.dictionary import exact, expressions, samples
from migrate.errors import UserError
from migrate.rewrite import helpers
from migrate.rewrite.narrowing import narrowed
from migrate.rewrite.written_out import function_name

OPS = [e for e in dictionary.entries() if e.outcome == "op" and e.helper]


@pytest.fixture(scope="module")
def text():
    return helpers.generate(e.name for e in OPS)


@pytest.fixture(scope="module")
def module(text, tmp_path_factory):
    path = tmp_path_factory.mktemp("helpers") / "_tf_ops.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("generated_tf_ops", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_names_are_unique():
    names = [function_name(e) for e in OPS]
    twice = {n for n in names if names.count(n) > 1}
    assert not twice


def test_each_op_can_be_written_out():
    for entry in OPS:
        ast.parse(helpers.generate([entry.name]))


def test_names_nothing_of_ours(text):
    code = ast.unparse(ast.parse(text))
    for package in ("compat", "migrate", "haiku_core", "tensorflow"):
        assert f"import {package}" not in code
        assert f"from {package}" not in code


def test_style(text, tmp_path):
    path = tmp_path / "_tf_ops.py"
    path.write_text(text)
    ruff = [sys.executable, "-m", "ruff"]
    check = [*ruff, "check", "--isolated", "--select", "E,F,I,W", str(path)]
    done = subprocess.run(check, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    form = [*ruff, "format", "--isolated", "--diff", str(path)]
    done = subprocess.run(form, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def test_64_bit_dtypes_are_narrowed(text):
    for name in ("jnp.int64", "jnp.float64", "jnp.uint64", "jnp.complex128"):
        assert name not in text


def arrays(value):
    """Samples as migrated code has them: 32 bits, lists and numbers as they are."""
    if isinstance(value, np.ndarray):
        return jnp.asarray(value.astype(narrowed(str(value.dtype))))
    if isinstance(value, list | tuple):
        return type(value)(arrays(v) for v in value)
    return value


# The bodies are held to TensorFlow elsewhere, with all samples; that they are the same
# here shows with one call of each. A body of one expression is written at the call.
CASES = [
    (entry, i)
    for entry in OPS
    if entry.key is None and entry.concrete is False
    if not expressions.inlinable(entry.fn)
    for i in [next((i for i, c in enumerate(entry.check) if not c.raises), None)]
    if i is not None
]


@pytest.mark.parametrize("entry, i", CASES, ids=[e.name for e, _ in CASES])
def test_equals_the_body(module, entry, i):
    rng, call = np.random.default_rng(i), entry.check[i]
    args = samples.draw(call.args, rng)
    kwargs = {k: samples.draw(v, rng) for k, v in call.kwargs.items()}
    with jax.enable_x64(True):
        wanted = exact.call(entry, *args, **kwargs)
    ignored = {n for n, k in entry.kinds.items() if k is dictionary.Ignored}
    given = {k: arrays(v) for k, v in kwargs.items() if k not in ignored}
    found = getattr(module, function_name(entry))(*arrays(args), **given)
    assert_same(found, wanted)


def assert_same(found, wanted):
    if isinstance(wanted, list | tuple):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            assert_same(one, other)
        return
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.shape == wanted.shape
    assert narrowed(str(found.dtype)) == narrowed(str(wanted.dtype))
    if found.dtype.kind in "fc" or found.dtype.name == "bfloat16":
        np.testing.assert_allclose(
            found.astype(np.complex64),
            wanted.astype(np.complex64),
            rtol=2e-5,
            atol=2e-6,
        )
    else:
        np.testing.assert_array_equal(found, wanted)


def test_second_run_adds_and_changes_nothing_else():
    one = helpers.generate(["tf.reduce_mean"])
    two = helpers.generate(["tf.truediv"], one)
    assert two == helpers.generate(["tf.truediv", "tf.reduce_mean"])
    assert helpers.generate(["tf.truediv"], two) == two


def test_formatting_is_no_change():
    one = helpers.generate(["tf.reduce_mean"])
    again = one.replace("    ", "\t").replace('"""', "'''")
    assert helpers.generate(["tf.reduce_mean"], again) == one


@pytest.mark.parametrize("foreign", ["", "x = 1\n", "# ops: tf.abs\n"])
def test_foreign_file_is_refused(foreign):
    with pytest.raises(UserError, match="not made here"):
        helpers.generate(["tf.abs"], foreign, "pkg/_tf_ops.py")


def test_changed_file_is_refused():
    made = helpers.generate(["tf.reduce_mean"]) + "\n\nx = 1\n"
    with pytest.raises(UserError, match="changed by hand"):
        helpers.generate(["tf.abs"], made, "pkg/_tf_ops.py")
