"""rlax_core stands on JAX, NumPy and the standard library, inside functions too."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import rlax_core

ROOT = Path(rlax_core.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
ALLOWED = {"jax", "numpy", "rlax_core", *sys.stdlib_module_names}


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_imports_nothing_else(file):
    imported = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            imported.add(node.module)
    assert {name.partition(".")[0] for name in imported} <= ALLOWED


def test_loads_nothing_else():
    code = (
        "import sys, rlax_core\n"
        "roots = {m.partition('.')[0] for m in sys.modules}\n"
        "banned = {'rlax', 'distrax', 'tensorflow_probability', 'tensorflow', 'chex', "
        "'dm_env', 'optax', 'haiku', 'haiku_core', 'absl'}\n"
        "assert not roots & banned, roots & banned"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_all_is_what_is_there():
    assert len(set(rlax_core.__all__)) == len(rlax_core.__all__)
    for name in rlax_core.__all__:
        value = getattr(rlax_core, name)
        if callable(value) and not isinstance(value, tuple):
            assert value.__doc__, f"{name} has no docstring"
