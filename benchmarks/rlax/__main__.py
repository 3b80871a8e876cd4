"""rlax_core's speed beside RLax's, function by function.

    python -m benchmarks.rlax                          # all functions, compiled
    python -m benchmarks.rlax --mode trace --mode eager --only vtrace
    python -m benchmarks.rlax --programs               # what XLA made of each, no noise
    python -m benchmarks.rlax --bytecodes              # Python at trace time, no noise
    python -m benchmarks.rlax --special                # n steps, compile times, import

To be called from the root of the repository, in an environment where RLax imports.
Processor time of interleaved pairs: the median ratio (below 1: ours is faster) with its
quartiles. Each is shown beside a run of ours against itself; "slower" means that the
median is above 1 by more than the half-width of that.

Modes: ``compiled`` a batch under jit; ``gradient`` its gradient under jit; ``trace``
making the jaxpr of that batch; ``eager`` one call outside of jit.
"""

import argparse
import os
import subprocess
import sys
import time
import warnings

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import jax
import jax.numpy as jnp
import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import rlax

import rlax_core
from benchmarks.counting import count_opcodes
from benchmarks.rlax.programs import program
from benchmarks.rlax.timing import compare
from tests.rlax_core.cases import CASES, Case, Sizes

SIZES = Sizes(T=64, A=8, B=16, K=51, D=8)
BATCH = 32
MODES = ("compiled", "gradient", "trace", "eager")
# Pure tuples and classes: nothing to time.
RECORDS = frozenset({"TxPair", "PopArtState", "PolicyTarget", "LagrangePenalty"})


def arguments_of(case: Case, batch: int | None) -> list[jax.Array]:
    """Arguments of fixed sizes, stacked to a batch."""
    rng = np.random.default_rng(0)
    rows = [[s(rng, SIZES) for s in case.samples] for _ in range(batch or 1)]
    columns = [np.stack(column) for column in zip(*rows, strict=True)]
    arrays = [
        jnp.asarray(c, jnp.float32) if s.floats else jnp.asarray(c)
        for s, c in zip(case.samples, columns, strict=True)
    ]
    return arrays if batch else [array[0] for array in arrays]


def function_of(case: Case, library, gradient: bool):
    """The case's call as a function of arrays; or its gradient, of a weighted sum."""
    function = getattr(library, case.name)
    places = tuple(i for i, s in enumerate(case.samples) if s.floats)

    def run(*args):
        return case.call(function, *args)

    def total(*args):
        leaves = jax.tree.leaves(run(*args))
        floats = [x for x in leaves if jnp.issubdtype(jnp.result_type(x), jnp.floating)]
        return sum(jnp.sum(jnp.sin(x)) for x in floats)

    return jax.grad(total, argnums=places) if gradient else run


def has_gradient(case: Case) -> bool:
    """Whether floats go in and come out, under jit."""
    if not (case.jits and any(s.floats for s in case.samples)):
        return False
    out = jax.eval_shape(function_of(case, rlax_core, False), *arguments_of(case, None))
    return any(jnp.issubdtype(x.dtype, jnp.floating) for x in jax.tree.leaves(out))


def runner(case: Case, library, mode: str):
    """A call without arguments of what a mode times; None where it makes no sense."""
    if mode == "gradient" and not has_gradient(case):
        return None
    if mode == "eager":
        args = arguments_of(case, None)
        function = function_of(case, library, False)
        return lambda: jax.block_until_ready(function(*args))
    if not (case.jits and case.vmaps):
        return None
    args = arguments_of(case, BATCH)
    batched = jax.vmap(function_of(case, library, mode == "gradient"))
    if mode == "trace":
        # A new function each time: nothing of it is found traced already.
        return lambda: jax.make_jaxpr(lambda *a: batched(*a))(*args)
    compiled = jax.jit(batched)
    return lambda: jax.block_until_ready(compiled(*args))


def selected(only: str, every: bool) -> list[Case]:
    """Cases whose name has `only` in it: the first of each function, or all."""
    cases = [c for c in CASES if only in str(c) and c.name not in RECORDS]
    if not every:
        cases = list({c.name: c for c in reversed(cases)}.values())[::-1]
    return cases


def programs(cases: list[Case]) -> int:
    """Compares the compiled programs; returns how many of ours do more."""
    more = []
    print("function\tof\tflops\tbytes\tinstructions\ttheir instructions\tverdict")
    for gradient in (False, True):
        for case in cases:
            if not (case.jits and case.vmaps):
                continue
            if gradient and not has_gradient(case):
                continue
            args = arguments_of(case, BATCH)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ours, theirs = (
                    program(jax.vmap(function_of(case, library, gradient)), args)
                    for library in (rlax_core, rlax)
                )
            if ours.kinds == theirs.kinds and ours.no_more_than(theirs):
                verdict = "same"
            else:
                verdict = "" if ours.no_more_than(theirs) else "more"
            of = "gradient" if gradient else "value"
            if verdict == "more":
                more.append((str(case), of))
            flops = ours.flops / theirs.flops if theirs.flops else 1.0 + ours.flops
            moved = ours.bytes / theirs.bytes if theirs.bytes else 1.0 + ours.bytes
            print(
                f"{case}\t{of}\t{flops:.3f}\t{moved:.3f}\t{ours.kinds.total()}"
                f"\t{theirs.kinds.total()}\t{verdict}",
                flush=True,
            )
    print(f"{len(more)} of ours compute or move more: {more}")
    return len(more)


def bytecodes(cases: list[Case]) -> int:
    """Compares the bytecodes of tracing; returns how many of ours take more."""
    more = []
    print("function\tbytecodes\ttheir bytecodes\tratio")
    for case in cases:
        runs = [runner(case, library, "trace") for library in (rlax_core, rlax)]
        if runs[0] is None:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for run in runs:  # what is cached by the first call is no overhead
                run()
            ours, theirs = (count_opcodes(run) for run in runs)
        if ours > theirs:
            more.append(str(case))
        print(f"{case}\t{ours}\t{theirs}\t{ours / theirs:.2f}", flush=True)
    print(f"{len(more)} of ours take more bytecodes to trace: {more}")
    return len(more)


def table(modes: list[str], cases: list[Case], pairs: int) -> int:
    """Prints the table of times; returns how many are slower."""
    slower = []
    print("function\tmode\tratio\tquartiles\tours-vs-ours\tours_us\tverdict")
    for mode in modes:
        for case in cases:
            sides = [
                runner(case, library, mode) for library in (rlax_core, rlax_core, rlax)
            ]
            if sides[0] is None:
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ratio = compare(*sides, pairs)
            verdict = "slower" if ratio.slower else ""
            if ratio.slower:
                slower.append((str(case), mode))
            print(
                f"{case}\t{mode}\t{ratio.median:.2f}\t{ratio.low:.2f}-{ratio.high:.2f}"
                f"\t±{ratio.noise:.2f}\t{ratio.microseconds:.1f}\t{verdict}",
                flush=True,
            )
    print(f"{len(slower)} slower beyond the noise: {slower}")
    return len(slower)


def equations(jaxpr) -> int:
    """How many operations a jaxpr has, inner ones included."""
    count = 0
    for equation in jaxpr.eqns:
        count += 1
        for value in equation.params.values():
            inner = getattr(value, "jaxpr", value)
            if hasattr(inner, "eqns"):
                count += equations(inner)
    return count


def n_step_call(library, n: int, batch: int):
    """``n_step_bootstrapped_returns`` over a batch, as a function of arrays."""

    def of_sequence(r, d, v):
        return library.n_step_bootstrapped_returns(r, d, v, n, 0.9)

    return of_sequence if batch == 1 else jax.vmap(of_sequence, 1, 1)


def n_step_row(n: int, length: int, batch: int, pairs: int) -> str:
    """One comparison of window doubling with unrolled steps."""
    rng = np.random.default_rng(0)
    shape = (length,) if batch == 1 else (length, batch)
    r, v = (jnp.asarray(rng.normal(size=shape), jnp.float32) for _ in range(2))
    d = jnp.asarray(0.99 * (rng.uniform(size=shape) > 0.01), jnp.float32)

    def run(library):
        compiled = jax.jit(n_step_call(library, n, batch))
        return lambda: jax.block_until_ready(compiled(r, d, v))

    ratio = compare(run(rlax_core), run(rlax_core), run(rlax), pairs)
    ops = [
        equations(jax.make_jaxpr(n_step_call(library, n, batch))(r, d, v).jaxpr)
        for library in (rlax_core, rlax)
    ]
    return f"{1 / ratio.median:.1f}\t{ratio.microseconds:.0f}\t{ops[0]}\t{ops[1]}"


def n_steps(pairs: int) -> None:
    """Window doubling against unrolled steps."""
    print("\nn_step_bootstrapped_returns\tT\tbatch\tspeedup\tours_us\tops\ttheir ops")
    for length, batch in ((1000, 1), (1000, 64), (100_000, 1)):
        for n in (5, 50, 200):
            row = n_step_row(n, length, batch, pairs)
            print(f"n={n}\t{length}\t{batch}\t{row}", flush=True)
    x = jnp.ones(1000)
    added = jax.jit(lambda a, b: a + b)

    def least():
        return jax.block_until_ready(added(x, x))

    took = compare(least, lambda: least(), lambda: least(), pairs).microseconds
    print(f"a call that adds two arrays of 1000\t{took:.0f} us")


def compile_times() -> None:
    """Time to trace and compile, which must not grow with the sequence."""
    print("\nseconds to trace and compile\tT=10\tT=100\tT=10000")
    for name in ("lambda_returns", "vtrace", "vtrace_td_error_and_advantage"):
        row = []
        for length in (10, 100, 10_000):
            x = jnp.ones(length)
            args = (x,) * (3 if name == "lambda_returns" else 5)
            took = []
            for _ in range(5):
                function = getattr(rlax_core, name)
                start = time.process_time()
                jax.jit(lambda *a: function(*a)).lower(*args).compile()  # noqa: B023
                took.append(time.process_time() - start)
            row.append(f"{np.median(took):.3f}")
        print(name, *row, sep="\t")


def import_time() -> None:
    """What importing costs beyond JAX, in a fresh process."""
    code = (
        "import time, jax, jax.numpy\nt = time.process_time()\nimport {}\n"
        "print(1e3 * (time.process_time() - t))"
    )
    print("\nmilliseconds of import beyond JAX (median of 7)")
    for name in ("rlax_core", "rlax"):
        took = [
            float(
                subprocess.run(
                    [sys.executable, "-W", "ignore", "-c", code.format(name)],
                    check=True,
                    capture_output=True,
                    text=True,
                ).stdout
            )
            for _ in range(7)
        ]
        print(f"{name}\t{np.median(took):.0f}")


def main() -> int:
    """Runs the command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.rlax",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--mode", action="append", choices=MODES, default=[])
    parser.add_argument("--only", default="", help="part of a function's name")
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--every", action="store_true", help="all cases of a function")
    parser.add_argument("--programs", action="store_true", help="compare programs")
    parser.add_argument("--bytecodes", action="store_true", help="compare traces")
    parser.add_argument("--special", action="store_true", help="the other three tables")
    arguments = parser.parse_args()
    if arguments.special:
        n_steps(arguments.pairs)
        compile_times()
        import_time()
        return 0
    cases = selected(arguments.only, arguments.every)
    if arguments.bytecodes:
        return min(1, bytecodes(cases))
    if arguments.programs:
        return min(1, programs(cases))
    return min(1, table(arguments.mode or ["compiled"], cases, arguments.pairs))


if __name__ == "__main__":
    sys.exit(main())
