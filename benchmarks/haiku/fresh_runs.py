"""What is measured in fresh processes: imports, first traces, first runs."""

import json
import os
import re
import statistics as st
import subprocess
import sys
import time

from benchmarks.haiku.common import inputs
from benchmarks.haiku.measuring import IMPORT_NAME, fresh, load, q

FROM_NOTHING = ("jax", "tensorflow", "sonnet", "keras")


def child(code, *args, timeout=900):
    r = subprocess.run(
        [sys.executable, "-c", code, *args],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=dict(os.environ),
    )
    if r.returncode:
        raise RuntimeError(r.stderr[-2000:])
    return json.loads(r.stdout.strip().splitlines()[-1])


IMPORT = """
import sys, time, json
sys.path[:0] = %r
t0=time.process_time(); w0=time.perf_counter()
if sys.argv[2]=='1':
  import jax, jax.numpy
t1=time.process_time(); n1=len(sys.modules); w1=time.perf_counter()
__import__(sys.argv[1])
t2=time.process_time(); w2=time.perf_counter()
top=sys.argv[1].split('.')[0]
own=sum(m==top or m.startswith(top+'.') for m in sys.modules)
print(json.dumps(dict(jax=t1-t0, pkg=t2-t1, wall=w2-w1, total=t2-t0,
    new=len(sys.modules)-n1,
    own=own, all=len(sys.modules),
    rss=__import__('resource').getrusage(0).ru_maxrss//1024)))
"""


def bench_import(a, res):
    names = list(
        dict.fromkeys(
            ["jax"] + a.impl + [IMPORT_NAME.get(p, p) for p in a.peer] + a.imports
        )
    )
    t = {n: [] for n in names}
    last = {}
    code = IMPORT % (sys.path[:1] + os.environ.get("PYTHONPATH", "").split(":"),)
    for r in range(
        a.import_reps + (a.import_reps > 2)
    ):  # the first round warms the page cache
        for n in names:
            over = "0" if n in FROM_NOTHING else "1"
            d = child(code, n, over)
            if r or a.import_reps <= 2:
                t[n].append(d["pkg"])
                last[n] = d
    rows = {}
    for n in names:
        it = subprocess.run(
            [
                sys.executable,
                "-X",
                "importtime",
                "-c",
                f"import sys; sys.path[:0]={sys.path[:1]!r}; import {n}",
            ],
            capture_output=True,
            text=True,
        ).stderr
        cum = [
            int(line.split("|")[1])
            for line in it.splitlines()
            if re.search(r"\|\s*" + re.escape(n) + r"\s*$", line)
        ]
        rows[n] = dict(
            cpu=st.median(t[n]),
            spread=(q(t[n], 0.75) - q(t[n], 0.25)) / st.median(t[n]),
            new=last[n]["new"],
            own=last[n]["own"],
            all=last[n]["all"],
            rss=last[n]["rss"],
            wall=last[n]["wall"],
            importtime_s=(cum[-1] / 1e6 if cum else None),
        )
        r = rows[n]
        print(
            f"import   {n:16s} {r['cpu'] * 1e3:8.1f} ms cpu ±{100 * r['spread']:.1f}%  "
            f"{'from nothing' if n in FROM_NOTHING else 'after jax   '} "
            f"+{r['new']} modules ({r['own']} own)  total {r['all']}  "
            f"rss {r['rss']} MB  "
            f"-X importtime cumulative {r['importtime_s']} s",
            flush=True,
        )
    res["import"] = rows


WORK = """
import sys, json, time, os
sys.path[:0] = %r
sys.dont_write_bytecode = True
from benchmarks.haiku import fresh_runs as B
sys.dont_write_bytecode = False
print(json.dumps(getattr(B, 'work_'+sys.argv[1])(*sys.argv[2:])))
"""


def work_initwall(impl, model="resnet50"):
    import jax

    c = load(impl)[model]
    x = jax.numpy.asarray(inputs()[model])
    k = jax.random.PRNGKey(0)
    mk = c.make or c.init

    def blk(v):
        return jax.block_until_ready(jax.tree.leaves(v))

    def t(f):
        t0 = time.process_time()
        blk(f(k, x))
        return time.process_time() - t0

    o = dict(eager_cold=t(mk), eager_warm=min(t(mk), t(mk)))
    j = jax.jit(c.init)
    o.update(jit_cold=t(j), jit_warm=min(t(j), t(j), t(j)))
    return o


def work_cold(impl, model):
    import jax

    c = load(impl)[model]
    x = jax.numpy.asarray(inputs()[model])
    k = jax.random.PRNGKey(0)
    t0 = time.process_time()
    p, s = jax.eval_shape(c.init, k, x)
    t1 = time.process_time()
    jax.make_jaxpr(fresh(c.apply))(p, s, x)
    return dict(init=t1 - t0, apply=time.process_time() - t1)


def fresh_runs(a, what, *args, reps):
    code = WORK % (
        [os.path.dirname(os.path.abspath(__file__))]
        + sys.path[:1]
        + os.environ.get("PYTHONPATH", "").split(":"),
    )
    out = {}
    for _r in range(reps):
        for n in ["bare"] + a.impl + a.peer:
            for k, v in child(code, what, n, *args).items():
                out.setdefault(k, {}).setdefault(n, []).append(v)
    return out
