"""Folders without `__init__.py`: helper files are imported as their neighbours are."""

import pytest

from migrate import rewrite_paths

OPS = "import tensorflow as tf\n\n\ndef values(x):\n    return tf.unique(x)\n"


@pytest.mark.parametrize(
    ("importing", "line"),
    [
        ("from models.ops import values\n", "from models import _tf_ops"),
        ("import models.ops as o\n", "from models import _tf_ops"),
        ("from src.models import ops\n", "from src.models import _tf_ops"),
        ("from ops import values\n", "import _tf_ops"),
        ("import unrelated\n", "import _tf_ops"),
    ],
)
def test_from_outside(tmp_path, importing, line):
    folder = tmp_path / "src" / "models"
    folder.mkdir(parents=True)
    (folder / "ops.py").write_text(OPS)
    (tmp_path / "train.py").write_text(f"import tensorflow as tf\n{importing}tf.abs\n")
    run = rewrite_paths([tmp_path])
    changed = {f.path: f for f in run.changed}[str(folder / "ops.py")]
    assert line in changed.result.text.splitlines()
    assert changed.home == str(folder)


def test_by_relative_imports(tmp_path):
    (tmp_path / "ops.py").write_text(OPS)
    (tmp_path / "net.py").write_text("import sonnet as snt\nfrom .ops import values\n")
    run = rewrite_paths([tmp_path])
    changed = {f.path: f for f in run.changed}[str(tmp_path / "ops.py")]
    assert "from . import _tf_ops" in changed.result.text.splitlines()
