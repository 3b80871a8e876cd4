"""The command line's contract: what is printed where, written, and returned."""

import json
import os
import pathlib
import stat
import subprocess
import sys

import pytest
from click.testing import CliRunner

from migrate import cli

LEGACY = "import tensorflow as tf\n\n\ndef f(x):\n    return tf.square(x)\n"
MIGRATED = "import jax.numpy as jnp\n\n\ndef f(x):\n    return jnp.square(x)\n"
PLAIN = "import numpy as np\n\nx = np.square(3)\n"
LEFT = "import tensorflow as tf\n\ny = tf.no_such_name(1)\n"
ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*args, stdin=None):
    """Calls the command in this process."""
    return CliRunner().invoke(cli.main, [str(a) for a in args], input=stdin)


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "model.py").write_text(LEGACY)
    (folder / "plain.py").write_text(PLAIN)
    (folder / "data.txt").write_text("tensorflow")
    return folder


def contents(folder):
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_dry_run_prints_a_diff_and_writes_nothing(project):
    before = contents(project)
    done = run("rewrite", project)
    assert done.exit_code == 0
    assert "+    return jnp.square(x)\n" in done.stdout
    assert "\x1b[" not in done.stdout  # colours are for terminals
    assert "2 files: 1 changed, 0 unchanged, 1 without a mention" in done.stderr
    assert contents(project) == before


def test_the_diff_can_be_applied(project):
    done = run("rewrite", project / "model.py")
    patch = subprocess.run(
        ["patch", "-p1", "-d", "/"], input=done.stdout, text=True, capture_output=True
    )
    assert patch.returncode == 0, patch.stdout
    assert (project / "model.py").read_text() == MIGRATED


def test_write_in_place_keeps_the_mode_and_the_rest(project):
    os.chmod(project / "model.py", 0o750)
    before = contents(project)
    done = run("rewrite", project, "--write")
    assert done.exit_code == 0
    assert done.stdout == ""
    assert contents(project) == {**before, "model.py": MIGRATED.encode()}
    assert stat.S_IMODE((project / "model.py").stat().st_mode) == 0o750


def test_second_run_changes_nothing(project):
    run("rewrite", project, "--write")
    done = run("rewrite", project, "--check")
    assert (done.exit_code, done.stdout) == (0, "")


def test_out_mirrors_the_tree(project, tmp_path):
    before = contents(project)
    (project / "sub").mkdir()
    (project / "sub" / "weights.bin").write_bytes(b"\0\1")
    os.chmod(project / "sub" / "weights.bin", 0o640)
    out = tmp_path / "out"
    assert run("rewrite", project, "--out", out).exit_code == 0
    assert contents(out) == {
        **before,
        "model.py": MIGRATED.encode(),
        "sub/weights.bin": b"\0\1",
    }
    assert stat.S_IMODE((out / "sub" / "weights.bin").stat().st_mode) == 0o640
    assert contents(project) == {**before, "sub/weights.bin": b"\0\1"}


def test_out_inside_the_project_is_not_read_again(project):
    for _ in range(2):
        assert run("rewrite", project, "--out", project / "out").exit_code == 0
    assert not (project / "out" / "out").exists()


def test_check_exits_with_1_if_anything_would_change(project):
    before = contents(project)
    done = run("rewrite", project, "--check")
    assert done.exit_code == 1
    assert done.stdout == f"would change {project}/model.py\n"
    assert contents(project) == before
    assert run("rewrite", project / "plain.py", "--check").exit_code == 0


def test_strict_exits_with_3_if_anything_is_left(project):
    assert run("rewrite", project, "--strict").exit_code == 0
    (project / "left.py").write_text(LEFT)
    assert run("rewrite", project).exit_code == 0
    done = run("rewrite", project, "--strict", "--check")
    assert done.exit_code == 3
    assert "left.py:3:5" in done.stderr and "left for you" in done.stderr


BAD = {
    "syntax.py": b"import tensorflow as tf\nx = = 1\n",
    "python2.py": b"import tensorflow as tf\nprint 'x'\n",
    "binary.py": b"tensorflow\0\1\2",
    "encoding.py": b"import tensorflow\nx = '\xff'\n",
    "broken.ipynb": b"tensorflow",
    "words.py": b"Words about tensorflow, no source.\n",
}


def test_bad_files_are_one_line_each_and_the_rest_goes_on(project):
    for name, data in BAD.items():
        (project / name).write_bytes(data)
    (project / "empty.py").write_text("")
    (project / "loop.py").symlink_to(project / "loop.py")
    done = run("rewrite", project, "--write")
    assert done.exit_code == 2
    assert (project / "model.py").read_text() == MIGRATED
    lines = [line for line in done.stderr.splitlines() if ": error: " in line]
    assert sorted(pathlib.Path(x.split(": error: ")[0]).name for x in lines) == sorted(
        [*BAD, "loop.py"]
    )
    assert "internal fault" not in done.stderr
    for name, data in BAD.items():
        assert (project / name).read_bytes() == data


def test_an_unreadable_file_is_one_line(project, monkeypatch):
    from migrate import files

    def read(path):
        if path.endswith("model.py"):
            raise files.FileError("Permission denied")
        return pathlib.Path(path).read_bytes()

    monkeypatch.setattr(files, "read", read)
    done = run("rewrite", project)
    assert done.exit_code == 2
    assert f"{project}/model.py: error: Permission denied\n" in done.stderr


@pytest.mark.parametrize(
    "args, message",
    [
        (["rewrite", "nothing-here"], "no such file"),
        (["rewrite", ".", "--write", "--check"], "exclude each other"),
        (["rewrite", ".", "--report", "x.txt"], "must end in"),
        (["rewrite", ".", "--report", "no/where/x.json"], "no folder"),
        (["rewrite", ".", "--only", "S9"], "begins with S9"),
        (["rewrite", ".", "--vendor", "a-b"], "package name"),
        (["rewrite", ".", "--haiku", "flax"], "haiku_core"),
        (["rewrite", "-", "--write"], "standard input"),
        (["rewrite", ".", "--out", "."], "where the sources are"),
        (["rewrite", ".", "--nonsense"], "nonsense"),
        (["explain", "tf.reduce_meen"], "tf.reduce_mean"),
    ],
)
def test_wrong_usage_exits_with_2(args, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(*args)
    assert done.exit_code == 2
    assert message in done.stderr
    assert "Traceback" not in done.output


def test_standard_input():
    done = run("rewrite", "-", stdin=LEGACY)
    assert (done.exit_code, done.stdout) == (0, MIGRATED)
    done = run("rewrite", "-", stdin="x = = tensorflow")
    assert (done.exit_code, done.stdout) == (2, "")
    done = run("rewrite", "-", "--check", stdin=LEGACY)
    assert (done.exit_code, done.stdout) == (1, "")


@pytest.mark.parametrize(
    "before",
    [
        LEGACY.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + LEGACY.encode(),
        ("# -*- coding: latin-1 -*-\n# é\n" + LEGACY).encode("latin-1"),
        LEGACY.replace("    ", "\t").encode(),
        LEGACY.rstrip("\n").encode(),
        LEGACY.replace("def", "# a comment  \n\x0c\ndef").encode(),
    ],
)
def test_bytes_outside_edits_stay(tmp_path, before):
    path = tmp_path / "model.py"
    path.write_bytes(before)
    assert run("rewrite", path, "--write").exit_code == 0
    expected = before.replace(b"tf.square", b"jnp.square").replace(
        b"import tensorflow as tf", b"import jax.numpy as jnp"
    )
    assert path.read_bytes() == expected


def test_notebook(tmp_path):
    import nbformat

    path = tmp_path / "book.ipynb"
    book = nbformat.v4.new_notebook()
    book.cells = [
        nbformat.v4.new_code_cell("%matplotlib inline\nimport tensorflow as tf"),
        nbformat.v4.new_markdown_cell("tf.square"),
        nbformat.v4.new_code_cell("y = tf.square(x)\ntf.no_such_name(y)"),
    ]
    nbformat.write(book, path)
    done = run("rewrite", path, "--write")
    assert done.exit_code == 0
    assert f"{path}:cell 2:2:1" in done.stderr
    book = nbformat.read(path, 4)
    assert "y = jnp.square(x)" in book.cells[2].source
    lines = book.cells[0].source.split("\n")
    assert "%matplotlib inline" in lines and "import jax.numpy as jnp" in lines
    assert book.cells[1].source == "tf.square"


def test_reports(project, tmp_path):
    (project / "left.py").write_text(LEFT)
    (project / "bad.py").write_text("tensorflow = = 1")
    names = [tmp_path / f"r.{suffix}" for suffix in ("json", "sarif", "html")]
    args = [a for name in names for a in ("--report", name)]
    assert run("rewrite", project, *args).exit_code == 2
    report = json.loads(names[0].read_text())
    assert report["schema"] == 1
    assert report["totals"]["files"]["error"] == 1
    assert report["totals"]["left"] >= 1
    statuses = {pathlib.Path(f["path"]).name: f["status"] for f in report["files"]}
    assert statuses == {
        "bad.py": "error",
        "left.py": "changed",
        "model.py": "changed",
        "plain.py": "skipped",
    }
    sarif = json.loads(names[1].read_text())
    (sarif_run,) = sarif["runs"]
    assert {r["level"] for r in sarif_run["results"]} >= {"error", "warning"}
    used = {r["ruleId"] for r in sarif_run["results"]} - {"error"}
    assert used == {r["id"] for r in sarif_run["tool"]["driver"]["rules"]}
    page = names[2].read_text()
    assert "jnp.square" in page and "no_such_name" in page


def test_several_jobs_give_the_same(project, tmp_path):
    for i in range(4):
        (project / f"model_{i}.py").write_text(LEGACY)
    one = run("rewrite", project, "--jobs", 1)
    command = [sys.executable, "-m", "sonnet2haiku", "rewrite", project, "--jobs", "2"]
    two = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert two.returncode == 0, two.stderr
    assert one.stdout == two.stdout


def test_ctrl_c_writes_nothing(project, monkeypatch):
    from migrate import api

    def engine(text, **_):
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "_engine", lambda: engine)
    before = contents(project)
    done = run("rewrite", project, "--write", "--jobs", 1)
    assert done.exit_code == 130
    assert "interrupted" in done.stderr and "nothing was written" in done.stderr
    assert contents(project) == before


def test_an_internal_fault_is_one_line(project, monkeypatch):
    from migrate import api

    def engine(text, **_):
        raise KeyError("fault")

    monkeypatch.setattr(api, "_engine", lambda: engine)
    done = run("rewrite", project, "--write", "--jobs", 1)
    assert done.exit_code == 2
    assert "internal fault at test_cli.py:" in done.stderr
    assert "Traceback" not in done.output


def test_nothing_to_do_is_said(tmp_path):
    done = run("rewrite", tmp_path)
    assert (done.exit_code, done.stdout) == (0, "")
    assert "no Python files" in done.stderr


def test_scan(project):
    done = run("scan", project)
    assert done.exit_code == 0
    assert "tf.square" in done.stdout
    content = json.loads(run("scan", project, "--json").stdout)
    (row,) = content["names"]
    assert (row["name"], row["found"], row["safe"], row["left"]) == (
        "tf.square",
        1,
        1,
        0,
    )


def test_explain_and_rules():
    assert "jnp.mean" in run("explain", "tf.reduce_mean").stdout
    assert "jnp.mean" in run("explain", "tensorflow.math.reduce_mean").stdout
    listed = json.loads(run("rules", "--json").stdout)["rules"]
    for rule in listed:
        assert rule["code"] in run("rules").stdout
        assert rule["title"] in run("explain", rule["code"]).stdout


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from migrate.cli import main\n"
        "try: main(['rewrite', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'tensorflow', 'sonnet', 'jax', 'libcst', 'numpy', 'rich'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert "Examples:" in done.stdout


def test_helper_file_and_copies(tmp_path):
    package = tmp_path / "pkg"
    (package / "sub").mkdir(parents=True)
    for folder in (package, package / "sub"):
        (folder / "__init__.py").write_text("")
    source = (
        "import sonnet as snt\nimport tensorflow as tf\n\n\n"
        "def build(x, axis):\n    net = snt.BatchNorm(True, True)\n"
        "    return net(tf.unique(x)[0], is_training=True)\n"
    )
    (package / "sub" / "model.py").write_text(source)
    done = run("rewrite", package, "--write", "--haiku", "haiku")
    assert done.exit_code == 0, done.stderr
    assert "from pkg import _hk_sonnet, _tf_ops" in (
        text := (package / "sub" / "model.py").read_text()
    ) or ("from pkg import _tf_ops" in text and "from pkg import _hk_sonnet" in text)
    check = (
        "import sys, importlib.abc\n"
        "class No(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, *_):\n"
        "        gone = ('tensorflow', 'sonnet', 'haiku_core', 'compat', 'migrate')\n"
        "        if name.split('.')[0] in gone: raise ImportError(name)\n"
        "sys.meta_path.insert(0, No())\n"
        "import pkg.sub.model, pkg._tf_ops\n"
        "import jax.numpy as jnp\n"
        "values, places = pkg._tf_ops.unique(jnp.array([3, 1, 3]))\n"
        "assert values.tolist() == [3, 1] and places.tolist() == [0, 1, 0]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr


def test_copy_of_a_single_file_stands_by_itself(tmp_path):
    package = tmp_path / "pkg"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "model.py").write_text(
        "import tensorflow as tf\n\n\ndef f(x):\n    return tf.unique(x)\n"
    )
    out = tmp_path / "out"
    assert run("rewrite", package / "model.py", "--out", out).exit_code == 0
    assert "\nimport _tf_ops\n" in "\n" + (out / "model.py").read_text()
    assert sorted(contents(out)) == ["_tf_ops.py", "model.py"]
    out = tmp_path / "other"
    assert run("rewrite", package, "--out", out).exit_code == 0
    assert "from pkg import _tf_ops\n" in (out / "model.py").read_text()
    assert sorted(contents(out)) == ["__init__.py", "_tf_ops.py", "model.py"]


def test_foreign_helper_file_is_never_overwritten(tmp_path):
    path = tmp_path / "model.py"
    path.write_text("import tensorflow as tf\n\ny = tf.unique([1])\n")
    (tmp_path / "_tf_ops.py").write_text("mine = 1\n")
    before = contents(tmp_path)
    for flags in (["--write"], []):
        done = run("rewrite", path, *flags)
        assert done.exit_code == 2
        assert "_tf_ops.py: is there already" in done.stderr
        assert contents(tmp_path) == before
    (tmp_path / "_tf_ops.py").unlink()
    done = run("rewrite", path)
    assert f"not in the diff: {tmp_path}/_tf_ops.py\n" in done.stderr
