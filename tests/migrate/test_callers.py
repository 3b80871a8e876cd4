"""Files that were not given and use what an edit changes are named, never touched."""

import json

import pytest
from click.testing import CliRunner

from migrate import cli, rewrite_paths

NETS = """\
import sonnet as snt


class Net(snt.Module):
    def __init__(self, size):
        super().__init__()
        self._linear = snt.Linear(size)

    def __call__(self, x):
        return self._linear(x)


def make():
    return Net(3)


def unchanged():
    return 3
"""


@pytest.fixture
def project(tmp_path):
    """A repository without `__init__.py` files; its models are rewritten alone."""

    def put(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    (tmp_path / ".git").mkdir()
    put("models/nets.py", NETS)
    put("models/sub.py", "from models.nets import Net\n\nclass Sub(Net):\n    pass\n")
    put(
        "train.py",
        "import models.nets as n\n\nnet = n.Net(2)\nother = n.make()\nn.unchanged()\n",
    )
    put("elsewhere.py", "from other.nets import Net\n\nnet = Net(2)\n")
    put("broken.py", "from models.nets import Net\nnet = Net(\n")
    return tmp_path


def named(run):
    return [
        (file.path.rpartition("/")[2], finding.line, finding.name)
        for file in run.callers
        for finding in file.result.findings
    ]


def test_callers_are_found(project):
    run = rewrite_paths([project / "models" / "nets.py"])
    assert named(run) == [
        ("sub.py", 3, "Net"),
        ("train.py", 3, "Net"),
        ("train.py", 4, "make"),
    ]
    messages = {f.name: f.message for c in run.callers for f in c.result.findings}
    assert "Haiku module" in messages["Net"]
    assert not any(c.changed for c in run.callers)


def test_who_is_given_is_no_caller(project):
    """It is rewritten with the rest, though it mentions no legacy package."""
    (project / "broken.py").unlink()
    run = rewrite_paths([project])
    assert run.callers == []
    changed = {f.path.rpartition("/")[2]: f.result.text for f in run.changed}
    assert "objects.network(lambda: n.Net(2))" in changed["train.py"]
    assert set(changed) == {"nets.py", "train.py"}


def test_of_two_files_with_one_name_the_closest_counts(tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        train = "from nets import Net\n\nnet = Net(2)\n"
        (tmp_path / name / "train.py").write_text(train)
    (tmp_path / "first" / "nets.py").write_text(NETS)
    (tmp_path / "second" / "nets.py").write_text(
        "import tensorflow as tf\n\nclass Net:\n    x = tf.float32\n"
    )
    run = rewrite_paths([tmp_path])
    changed = {f.path: f.result.text for f in run.changed}
    assert "objects.network" in changed[str(tmp_path / "first" / "train.py")]
    assert str(tmp_path / "second" / "train.py") not in changed


def test_callers_are_reported(project):
    report = project / "report.json"
    arguments = ["rewrite", str(project / "models" / "nets.py"), "--strict"]
    done = CliRunner().invoke(cli.main, [*arguments, "--report", str(report)])
    assert done.exit_code == 3, done.output
    assert "train.py:3:7 S2H907" in done.output
    assert "3 places in 2 files that you did not give use what changes" in done.output
    found = json.loads(report.read_text())
    assert found["totals"]["left"] == 0
    assert [len(c["findings"]) for c in found["callers"]] == [1, 2]
    assert (project / "train.py").read_text().startswith("import models.nets as n")


def test_names_that_come_by_star(project):
    (project / "broken.py").unlink()
    (project / "models" / "__init__.py").write_text("from .nets import *\n")
    (project / "train.py").write_text("from models import *\n\nnet = Net(2)\n")
    run = rewrite_paths([project])
    changed = {f.path.rpartition("/")[2]: f.result.text for f in run.changed}
    assert "objects.network(lambda: Net(2))" in changed["train.py"]
