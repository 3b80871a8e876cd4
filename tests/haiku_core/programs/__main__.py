"""Runs all programs on both libraries; used by test_programs.py.

    python -m tests.haiku_core.programs OUT.pickle

The results are a dict: (program, library) -> what the program returned, or the text of
the error that it ended with.
"""

import importlib
import pathlib
import pickle
import sys
import traceback

NAMES = (
    "mnist",
    "vae",
    "char_rnn",
    "gan",
    "transformer",
    "resnet",
    "impala",
    "sharing",
    "ensemble",
    "data_parallel",
)


def main() -> None:
    results = {}
    for library in ("haiku_core", "haiku"):
        hk = importlib.import_module(library)
        for name in NAMES:
            program = importlib.import_module(f"tests.haiku_core.programs.{name}")
            try:
                results[name, library] = program.run(hk)
            except Exception:
                results[name, library] = traceback.format_exc()
    pathlib.Path(sys.argv[1]).write_bytes(pickle.dumps(results))


if __name__ == "__main__":
    main()
