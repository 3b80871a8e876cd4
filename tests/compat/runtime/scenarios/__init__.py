"""Small programs in TensorFlow's own terms, each a function of `tf`.

`test_against_tensorflow` runs each with TensorFlow and with compat.tensorflow, and
compares all that it returns: values, dtypes, shapes, Python objects, errors' classes.
"""

from tests.compat.runtime.scenarios import (
    control_flow,
    datasets,
    files_and_checks,
    functions,
    tapes,
    tensor_arrays,
    tensors,
    variables,
    various,
)
from tests.compat.runtime.scenarios.registry import SCENARIOS as SCENARIOS

__all__ = [
    "SCENARIOS",
    "control_flow",
    "datasets",
    "files_and_checks",
    "functions",
    "tapes",
    "tensor_arrays",
    "tensors",
    "variables",
    "various",
]
