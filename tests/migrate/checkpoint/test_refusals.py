"""What convert-checkpoint says to wrong input, and that it then changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from tests.migrate.checkpoint import small
from tests.migrate.checkpoint.command_line import INPUT, convert, error_of, run
from tests.migrate.checkpoint.command_line import place as place


@pytest.mark.parametrize("args, word", [
    (["nowhere", "--target", "program.py:Net"], "no such checkpoint"),
    (["ckpt", "--target", "program.py:Nothing"], "it defines Net, forward"),
    (["ckpt", "--target", "program.py"], "names no object"),
    (["ckpt", "--target", "absent.py:Net"], "there is no file absent.py"),
    (["ckpt", "--target", "absent_module:Net"], "there is no module absent_module"),
    (["ckpt", "--target", "broken.py:Net"], "broken.py can't be imported: SyntaxError"),
    (["ckpt", "--target", "program.py:Net", "--input", "float33[2]"], "can't be read"),
    (["ckpt", "--target", "program.py:Net", "-o", "x.h5"], "no format has the suffix"),
    (["ckpt", "--target", "program.py:Net", "-o", "x.pkl"], "can run any code"),
    (["ckpt"], "Missing option '--target'"),
    (["ckpt", "--target", "program.py:Net", "--like", "c"], "--like goes with"),
    (["ckpt", "--target", "program.py:Net", "--to-sonnet"], "needs -o PREFIX"),
    (["inspect", "program.py"], "this is no checkpoint"),
])  # fmt: skip
def test_one_clear_line(place, args, word):
    (place / "broken.py").write_text("def f(:\n")
    if "--input" not in args and len(args) > 1 and args[0] == "ckpt":
        args = [*args, "--input", INPUT]
    result = run(*args)
    assert result.exit_code == 2
    errors = [x for x in result.output.splitlines() if "rror" in x]
    assert len(errors) == 1 and word in errors[0], result.output
    assert "Traceback" not in result.output


def test_a_failing_program(place):
    """The user's own line is shown, not the innermost of all."""
    (place / "program.py").write_text(
        "import jax.numpy as jnp\n\n\n"
        "def f(x):\n    return g(x)\n\n\n"
        "def g(x):\n    return x + jnp.zeros([7, 7])\n\n\n"
        "def h(x):\n    raise KeyError('oops')\n"
    )
    error = error_of(convert(target="program.py:f"))
    assert "[program.py, line 9: return x + jnp.zeros([7, 7])]" in error
    error = error_of(convert(target="program.py:h"))
    assert "KeyError: 'oops' [program.py, line 13: raise KeyError('oops')]" in error


@pytest.mark.parametrize("text, word", [
    ("import numpy\n\nnumpy.zeros(-1)\n", "[raises.py, line 3: numpy.zeros(-1)]"),
    ("def f(:\n", "SyntaxError: invalid syntax [raises.py, line 1: def f(:]"),
    ("import not_there\n", "No module named 'not_there' [raises.py, line 1: import"),
])  # fmt: skip
def test_a_module_that_can_not_be_imported(place, text, word):
    (place / "raises.py").write_text(text)
    assert word in error_of(convert(target="raises.py:f"))


SEVERAL = """
import haiku_core as hk
import jax.numpy as jnp


class Net(hk.Module):
    def __init__(self, sizes):
        super().__init__(name="net")
        self._mlp = hk.nets.MLP(sizes)
        self._norm = hk.BatchNorm(True, True, 0.9)

    def __call__(self, pixels, more, is_training):
        x = jnp.concatenate([pixels["a"], more], axis=-1)
        return self._norm(self._mlp(x), is_training)
"""


def test_several_inputs(place):
    (place / "several.py").write_text(SEVERAL)
    target, made = "several.py:Net", "several.py:Net(sizes=[5, 2])"
    first, second = ["--input", "{'a': float32[4,1]}"], ["--input", "more=float32[4,2]"]
    error = error_of(run("ckpt", "--target", target, *first, *second))
    assert "without arguments: missing a required argument: 'sizes'" in error
    error = error_of(run("ckpt", "--target", made, *first))
    assert "takes pixels, more, is_training: missing" in error and "'more'" in error
    assert run("ckpt", "--target", made, *first, *second).exit_code == 0


def test_hints(place):
    """Messages name what is near to what was typed."""
    error = error_of(convert(target="program.py:forwrd"))
    assert "is it forward?" in error
    (place / "names").write_text("net/~/batch_nrm = net/_norm\n")
    assert "is it net/~/batch_norm?" in error_of(convert("--map", "names"))
    (place / "names").write_text("net/~/batch_norm = net/_nrm\n")
    assert "no 'net/_nrm'" in error_of(convert("--map", "names"))
    result = convert("--ignore", "nett/*", "--plan")
    assert "nett/* matched nothing; is it net/*?" in result.output
    error = error_of(convert("--optimizer", "optax:adam"))
    assert "'optax:adam(1e-3)'" in error
    (place / "runs" / "first").mkdir(parents=True)
    small.write(place / "runs" / "first" / "ckpt")
    assert "its folders first do" in error_of(convert(source="runs"))


def test_an_optimizer_is_recognised(place):
    values = small.arrays()
    for i, path in enumerate(p for p in list(values) if p[0] == "net" and len(p) < 6):
        for slot in "mv":
            values["opt", slot, str(i)] = values[path]
    values["opt", "step"] = np.asarray(3, np.int64)
    small.write(place / "trained", values)
    result = convert(source="trained")
    assert result.exit_code == 1
    assert "bring it along with --optimizer 'optax:adam(1e-3)'" in result.output
    assert "--ignore opt" in result.output
    assert convert("--ignore", "opt", source="trained").exit_code == 0


def test_nothing_of_the_users_is_overwritten(place):
    (place / "precious").mkdir()
    (place / "precious" / "notes.txt").write_text("years of work")
    assert "choose another name" in error_of(convert("-o", "precious"))
    assert (place / "precious" / "notes.txt").read_text() == "years of work"
    (place / "file").write_text("a file")
    assert "choose another name" in error_of(convert("-o", "file"))
    assert (place / "file").read_text() == "a file"
    (place / "empty.npz").mkdir()
    assert "is a folder" in error_of(convert("-o", "empty.npz"))
    assert "mkdir -p" in error_of(convert("-o", "no/such/folder.npz"))


def test_damaged_checkpoints(place):
    data = place / "ckpt.data-00000-of-00001"
    whole = data.read_bytes()
    data.write_bytes(whole[:40] + b"\xff" + whole[41:])
    result = convert("-o", "out.safetensors")
    assert result.exit_code == 2 and "checksum" in result.output
    assert result.output.splitlines()[-1].startswith("error: ")
    assert not (place / "out.safetensors").exists()
    assert convert("-o", "o.safetensors", "--no-verify").exit_code == 0
    data.write_bytes(whole[:-50])
    assert "is cut short" in convert().output
    data.unlink()
    result = convert("--no-verify")
    assert "data file of the checkpoint is missing" in result.output
    (place / "ckpt.index").write_bytes(b"\0" * 100)
    assert "no checkpoint index" in convert().output
