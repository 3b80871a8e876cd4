"""`compat.install` by the importing file; `compat.missing`; nothing else is misled."""

import builtins
import importlib
import subprocess
import sys
import textwrap
import types

import pytest

import compat
from compat.__main__ import main


@pytest.fixture
def installed():
    compat.install()
    yield
    compat.uninstall()


def run(code, tmp_path):
    """Runs a program of the user's in a process of its own; its output."""
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(code))
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(compat_root()), "JAX_PLATFORMS": "cpu", "PATH": ""},
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def compat_root():
    import pathlib

    return pathlib.Path(compat.__file__).parents[1]


def test_a_program_runs_with_tensorflow_blocked(tmp_path):
    out = run(
        """
        import sys

        class Block:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in ("tensorflow", "sonnet", "trfl", "keras"):
                    raise ModuleNotFoundError(f"blocked: {name}")

        sys.meta_path.insert(0, Block())
        import compat
        compat.install()
        import sonnet as snt
        import tensorflow as tf
        import tensorflow.compat.v1 as tf1
        from tensorflow import nn
        import trfl

        net = snt.nets.MLP([4, 2])
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(nn.relu(net(tf.ones([3, 5]))))
        grads = tape.gradient(loss, net.trainable_variables)
        snt.optimizers.SGD(0.1).apply(grads, net.trainable_variables)
        print(len(grads), tf1.name_scope.__name__, "tensorflow" in sys.modules)
        """,
        tmp_path,
    )
    assert out.split() == ["4", "name_scope_v1", "False"]


def test_libraries_that_probe_for_tensorflow_are_not_misled(tmp_path):
    out = run(
        """
        import sys
        import compat
        compat.install()
        import tensorflow as tf
        tf.constant(1)
        import importlib.util
        import optax, tensorboardX, orbax.checkpoint, flax
        print("tensorflow" in sys.modules, "sonnet" in sys.modules)
        """,
        tmp_path,
    )
    assert out.split() == ["False", "False"]


def test_the_importing_file_decides(installed):
    def importing(file, name="somewhere"):
        space = {"__name__": name, "__file__": file}
        return builtins.__import__("tensorflow", space, {}, (), 0)

    assert importing("/home/me/project/train.py").__name__ == "compat.tensorflow"
    assert importing(None).__name__ == "compat.tensorflow"
    real = importing(importlib.util.find_spec("optax").origin)
    assert real.__name__ == "tensorflow"
    assert importing(importlib.__file__).__name__ == "tensorflow"


def test_include_and_exclude(installed):
    library = importlib.util.find_spec("bsuite").origin

    def importing(name, file):
        space = {"__name__": name, "__file__": file}
        return builtins.__import__("tensorflow", space, {}, (), 0).__name__

    assert importing("bsuite.baselines", library) == "tensorflow"
    compat.install(include=["bsuite"], exclude=["mine.old"])
    assert importing("bsuite.baselines", library) == "compat.tensorflow"
    assert importing("bsuites", library) == "tensorflow"
    assert importing("mine.old.part", "/home/me/mine/old/part.py") == "tensorflow"


def test_one_string_for_include_is_an_error():
    with pytest.raises(TypeError, match="list of names"):
        compat.install(include="acme")
    compat.uninstall()


def test_uninstall_restores_the_import_functions():
    before = builtins.__import__, importlib.import_module
    compat.install()
    assert compat.installed() and builtins.__import__ is not before[0]
    compat.uninstall()
    assert not compat.installed()
    assert (builtins.__import__, importlib.import_module) == before


def test_missing_names_say_which_where_and_what_to_do(tmp_path):
    out = run(
        """
        import compat
        compat.install()
        import tensorflow as tf

        try:
            tf.keras.layers.Dense(3)
        except AttributeError as error:
            print(error)
        try:
            from tensorflow.python.framework import ops
        except ImportError as error:
            print(error)
        """,
        tmp_path,
    )
    first, second = out.splitlines()
    assert "tf.keras" in first and "program.py:7" in first
    assert "tensorflow.python" in second or "tf.python" in second


def test_missing_names_as_a_command(tmp_path, capsys):
    program = tmp_path / "model.py"
    program.write_text("import tensorflow as tf\ntf.no_such_op(1)\n")
    assert main([str(program)]) == 1
    assert f"{program}:2: tf.no_such_op: " in capsys.readouterr().out
    program.write_text("import tensorflow as tf\ntf.ones([1])\n")
    assert main([str(program)]) == 0
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path / "nowhere")])


def test_missing_lists_a_programs_names(tmp_path):
    program = tmp_path / "model.py"
    program.write_text(
        textwrap.dedent(
            """
            import sonnet as snt
            import tensorflow as tf
            from tensorflow import nn
            from tensorflow.keras import layers
            import tensorflow.compat.v1 as tf1

            def f(x):
                tf.no_such_op(x)
                nn.relu(tf.float32.max)
                tf1.placeholder
                return snt.NoSuchModule(tf.reduce_mean(x))
            """
        )
    )
    (tmp_path / "broken.py").write_text("def (")
    found = compat.missing(tmp_path)
    names = {(m.name, m.line) for m in found if m.file.endswith("model.py")}
    assert ("tf.no_such_op", 9) in names
    assert ("snt.NoSuchModule", 12) in names
    assert not any(n in ("tf.nn", "tf.reduce_mean", "tf.float32.max") for n, _ in names)
    assert any("keras" in n for n, _ in names)
    assert any(m.name == "(file)" for m in found)
    assert all(m.reason for m in found)
    with pytest.raises(FileNotFoundError):
        compat.missing(tmp_path / "nowhere")


def test_namespaces_are_modules_and_list_their_names():
    from compat import tensorflow as tf

    assert isinstance(tf.nn, types.ModuleType)
    assert importlib.import_module("compat.tensorflow.nn") is tf.nn
    assert "relu" in dir(tf.nn) and "reduce_mean" in dir(tf)
    assert tf.math.reduce_mean is tf.reduce_mean
    assert tf.compat.v2.reduce_mean is tf.reduce_mean
    assert tf.__version__ >= "2"


def test_import_is_light():
    code = (
        "import sys, compat; compat.install();"
        "print([m for m in ('jax', 'tensorflow', 'optax') if m in sys.modules])"
    )
    out = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=compat_root(),
        check=True,
    )
    assert out.stdout.strip() == "[]"
