"""Clocks, counts and statistics."""

import collections
import gc
import math
import re
import statistics as st
import sys
import time

from benchmarks.counting import count_opcodes as count_opcodes
from benchmarks.haiku.common import stop
from benchmarks.haiku.zoo_bare import bare_cases
from benchmarks.haiku.zoo_equinox import equinox_cases
from benchmarks.haiku.zoo_haiku import haiku_cases
from benchmarks.haiku.zoo_linen import flax_cases
from benchmarks.haiku.zoo_nnx import nnx_cases

PEERS = {
    "bare": bare_cases,
    "flax": flax_cases,
    "nnx": nnx_cases,
    "equinox": equinox_cases,
}
IMPORT_NAME = {"nnx": "flax.nnx", "flax": "flax.linen", "bare": "jax"}


def load(name):
    return PEERS[name]() if name in PEERS else haiku_cases(name)


def load_or_stop(name):
    try:
        return load(name)
    except (ImportError, AttributeError) as e:
        stop(f"cannot load {name}: {type(e).__name__}: {e}")


# ------------------------------------------------------------------ measuring
def q(xs, p):
    xs = sorted(xs)
    i = (len(xs) - 1) * p
    lo = int(i)
    return xs[lo] + (xs[min(lo + 1, len(xs) - 1)] - xs[lo]) * (i - lo)


def paired(fns, reps, clock=time.thread_time, min_sample=0.01, warm=2, inner_max=200):
    """Seconds per call, name -> one entry a repeat; names take turns in each repeat."""
    inner = {}
    for n, f in fns.items():
        for _ in range(warm):
            f()
        t = clock()
        f()
        dt = max(clock() - t, 1e-7)
        inner[n] = max(1, min(inner_max, math.ceil(min_sample / dt)))
    gc.collect()
    gc.freeze()
    out, names = {n: [] for n in fns}, list(fns)
    try:
        for r in range(reps):
            k = r % len(names)
            for n in names[k:] + names[:k]:
                f, m = fns[n], inner[n]
                gc.collect()
                gc.disable()
                t = clock()
                for _ in range(m):
                    f()
                out[n].append((clock() - t) / m)
                gc.enable()
    finally:
        gc.enable()
        gc.unfreeze()
    return out


def summarise(t, base="bare", ref=None):
    rows = {}
    for n, xs in t.items():
        r = dict(
            median=st.median(xs),
            p10=q(xs, 0.1),
            n=len(xs),
            spread=(q(xs, 0.75) - q(xs, 0.25)) / st.median(xs),
        )
        if base in t and n != base:
            rat = [a / b for a, b in zip(xs, t[base], strict=False)]
            ov = [a - b for a, b in zip(xs, t[base], strict=False)]
            r.update(
                x_bare=st.median(rat),
                x_bare_iqr=[q(rat, 0.25), q(rat, 0.75)],
                overhead=st.median(ov),
                overhead_iqr=[q(ov, 0.25), q(ov, 0.75)],
                x_bare_p10=q(xs, 0.1) / q(t[base], 0.1),
                overhead_p10=q(xs, 0.1) - q(t[base], 0.1),
            )
        if ref and ref in t and n != ref:
            rat = [a / b for a, b in zip(xs, t[ref], strict=False)]
            r.update(x_ref=st.median(rat), x_ref_iqr=[q(rat, 0.25), q(rat, 0.75)])
        rows[n] = r
    if ref in rows and "overhead" in rows[ref]:
        for r in rows.values():
            if "overhead" in r and rows[ref]["overhead"] > 0:
                r["overhead_x_ref"] = r["overhead"] / rows[ref]["overhead"]
                if rows[ref]["overhead_p10"] > 0:
                    r["overhead_x_ref_p10"] = (
                        r["overhead_p10"] / rows[ref]["overhead_p10"]
                    )
    return rows


def fresh(f):  # a new function object: JAX's trace caches are keyed on identity
    return lambda *a: f(*a)


def count_eqns(jaxpr):
    top, c = len(jaxpr.eqns), collections.Counter()

    def sub(v):
        if hasattr(v, "jaxpr"):
            v = v.jaxpr
        if hasattr(v, "eqns"):
            walk(v)
        elif isinstance(v, (tuple, list)):
            for w in v:
                sub(w)

    def walk(j):
        for e in j.eqns:
            if e.primitive.name not in ("jit", "pjit", "custom_jvp_call"):
                c[e.primitive.name] += 1
            for v in e.params.values():
                sub(v)

    walk(jaxpr)
    return top, sum(c.values()), dict(c)


def canon(txt):
    txt = re.sub(r"\{jax\.[^{}]*\}", "", txt)
    txt = re.sub(r"module @\S+", "module", txt)
    return txt


def owner(path):
    m = re.search(r"site-packages/([^/]+)", path)
    if m:
        return m.group(1)
    m = re.search(r"lib/python3[^/]*/(.+)\.py$", path)
    if m:
        return "py:" + m.group(1).split("/")[0]
    if path.startswith("<"):
        return path
    return "/".join(path.split("/")[-3:-1]) or path


def count_calls(f):
    n = [0]
    where = collections.Counter()
    cache = {}

    def prof(frame, event, arg):
        if event == "call":
            n[0] += 1
            fn = frame.f_code.co_filename
            o = cache.get(fn)
            if o is None:
                o = cache[fn] = owner(fn)
            where[o] += 1
        elif event == "c_call":
            n[0] += 1

    gc.collect()
    gc.disable()
    sys.setprofile(prof)
    try:
        f()
    finally:
        sys.setprofile(None)
        gc.enable()
    return n[0], where
