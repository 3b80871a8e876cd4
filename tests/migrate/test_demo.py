"""The demo, and the same model written for dm-haiku, each in a process of its own."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "fixtures" / "demo"
pytestmark = pytest.mark.slow


def python(code, *args):
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, args)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
    )


def test_demo_agrees(tmp_path):
    code = "import sys; from migrate import demo; sys.exit(demo.run(sys.argv[1]))"
    done = python(code, tmp_path)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "all 7 agree; TensorFlow was not imported" in done.stdout
    assert (tmp_path / "clip_model.py").exists()


def test_demo_fails_where_numbers_differ():
    code = (
        "import sys, numpy as np; from migrate import demo\n"
        "load = np.load\n"
        "class Off(dict):\n"
        "    def __enter__(self): return self\n"
        "    def __exit__(self, *_): pass\n"
        "def off(path):\n"
        "    read = Off(load(path)); read['loss'] = read['loss'] + 1e-3; return read\n"
        "np.load = off\n"
        "sys.exit(demo.run())"
    )
    done = python(code)
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-3000:]
    assert "1 of 7 do not agree" in done.stdout


ON_DM_HAIKU = """
import pickle, sys
for name in ("haiku_core", "compat", "migrate", "rlax_core", "tensorflow", "sonnet"):
    sys.modules[name] = None
folder = sys.argv[1]
sys.path.insert(0, folder)
import haiku as hk, jax, numpy as np, clip_model
given = pickle.load(open(folder + "/given.pickle", "rb"))
def predict(clip):
    return clip_model.ClipModel(6)(clip, is_training=False)
out, _ = hk.transform_with_state(predict).apply(
    given["params"], given["state"], None, given["clip"])
pickle.dump({k: np.asarray(v) for k, v in out.items()},
            open(folder + "/out.pickle", "wb"))
"""


def test_same_numbers_on_dm_haiku_without_us(tmp_path):
    from migrate import rewrite_paths
    from migrate.checkpoint import convert
    from migrate.output import plan, write
    from migrate.results import Options
    from tests.support.blocked import load_file

    legacy = ROOT / "fixtures" / "legacy" / "clip_model.py"
    for haiku in ("haiku_core", "haiku"):
        folder = tmp_path / haiku
        run = rewrite_paths([legacy], options=Options(haiku=haiku), out=folder, jobs=1)
        write(plan(run, str(folder)))
    module = load_file(tmp_path / "haiku_core" / "clip_model.py", "clip_on_ours")
    with np.load(DEMO / "recorded.npz") as file:
        reference = dict(file)

    def predict(clip):
        return module.ClipModel(6)(clip, is_training=True)

    params, state = convert(DEMO / "weights-1", predict, reference["clip"])
    given = jax.tree.map(np.asarray, {"params": params, "state": state})
    given["clip"] = reference["clip"]
    (tmp_path / "haiku" / "given.pickle").write_bytes(pickle.dumps(given))
    done = python(ON_DM_HAIKU, tmp_path / "haiku")
    assert done.returncode == 0, done.stderr[-3000:]
    out = pickle.loads((tmp_path / "haiku" / "out.pickle").read_bytes())
    for key in ("clip", "frames"):
        wanted = reference[f"eval_{key}"]
        error = np.max(np.abs(out[key] - wanted))
        assert error <= 1e-5 * np.max(np.abs(wanted))
