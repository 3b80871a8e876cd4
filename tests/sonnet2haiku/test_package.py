"""The thin package around the others."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_parts_are_the_same_modules():
    import compat
    import migrate
    import sonnet2haiku

    assert sonnet2haiku.compat is compat
    assert sonnet2haiku.migrate is migrate


def test_checkpoint_is_reached_from_the_top():
    import migrate

    assert callable(migrate.checkpoint.convert)


def test_another_package_of_that_name_is_named(tmp_path):
    (tmp_path / "compat.py").write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "sonnet2haiku", "--version"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"found first: {tmp_path}/compat.py" in done.stderr
