"""The rewriter as functions: texts, files and folders in, results out."""

from __future__ import annotations

import ast
import concurrent.futures
import dataclasses
import functools
import multiprocessing
import os
import re
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from migrate import files
from migrate.errors import one_line
from migrate.results import FileResult, Options, SourceResult

if TYPE_CHECKING:
    from migrate.analysis.project import Project

_FILES_PER_WORKER = 24  # below that, a worker's start costs more than it saves


class Engine(Protocol):
    """What turns one text; `migrate.rewrite.engine.rewrite_source`."""

    def __call__(
        self, text: str, *, path: str, options: Options, project: Any, module_name: str
    ) -> SourceResult: ...


def _engine() -> Engine:
    from migrate.rewrite import engine

    return engine.rewrite_source


def _module_name(path: str) -> str:
    from migrate.analysis.project import module_name

    return module_name(os.path.abspath(path)) if path.endswith(".py") else ""


def rewrite_source(
    text: str,
    *,
    path: str = "<string>",
    options: Options | None = None,
    project: Any = None,
) -> SourceResult:
    """Rewrites one source text.

    Args:
      text: Python 3 source.
      path: where it lies, for messages and relative imports.
      options: how; by default exact and assumed edits against `haiku_core`.
      project: an index of the other files (`migrate.analysis.project.Project`).

    Raises:
      SyntaxError: the text is no Python 3.
    """
    if not files.mentions(text.encode("utf-8", errors="surrogatepass")):
        return SourceResult(text)
    return _engine()(
        text,
        path=path,
        options=options or Options(),
        project=project,
        module_name=_module_name(path),
    )


@dataclasses.dataclass
class Run:
    """The rewrite of all files under some paths.

    Attributes:
      files: one result for each Python file and notebook, in the order found.
      others: the other files below the folders given, for a mirrored tree.
      options: as given.
      interrupted: whether Ctrl-C ended it early; `files` then holds what was done.
    """

    files: list[FileResult]
    others: list[files.Found]
    options: Options
    interrupted: bool = False

    @property
    def errors(self) -> list[FileResult]:
        return [f for f in self.files if f.error is not None]

    @property
    def changed(self) -> list[FileResult]:
        return [f for f in self.files if f.changed]

    @functools.cached_property
    def callers(self) -> list[FileResult]:
        """Files that were not given and use what changed; see `migrate.callers`."""
        from migrate import callers

        given = [f.path for f in self.files]
        return callers.find(self.changed, given) if self.changed else []


def rewrite_paths(
    paths: Iterable[str | os.PathLike[str]],
    *,
    options: Options | None = None,
    jobs: int | None = None,
    out: str | os.PathLike[str] | None = None,
    on_file: Callable[[int, int], None] | None = None,
    engine: Engine | None = None,
) -> Run:
    """Rewrites files and folders in memory; nothing is written.

    A file that can't be read or parsed is one result with an error; the others go on.

    Args:
      paths: files, and folders to search for `.py` and `.ipynb`.
      options: see `rewrite_source`. Where its `package` is None, each file's own
        outermost package is taken.
      jobs: worker processes; None for as many as are worth it.
      out: the folder that a copy of what is given will be written to, if any: packages
        are then named from the top of that copy.
      on_file: called with (done, all) as files are done.
      engine: what rewrites one text, for tests.

    Raises:
      UserError: a path does not exist.
    """
    options = options or Options()
    leave_out = None if out is None else os.fspath(out)
    found = list(files.find((os.fspath(p) for p in paths), leave_out))
    sources = [f for f in found if f.error or f.is_source]
    others = [f for f in found if not (f.error or f.is_source)]
    results: dict[int, FileResult] = {}
    work: dict[int, files.Found] = {}
    silent: dict[int, files.Found] = {}  # no mention: only its imports may lead there
    for i, source in enumerate(sources):
        results[i] = FileResult(source.path, error=source.error)
        if source.error is None:
            try:
                mentions = files.mentions(files.read(source.path))
                (work if mentions else silent)[i] = source
            except files.FileError as error:
                results[i].error = str(error)
    run = Run([], others, options)
    index = _index_paths([source.path for source in work.values()])
    users = _users(index, silent)
    work = dict(sorted({**work, **{i: silent[i] for i in users}}.items()))
    index = sorted({*index, *(silent[i].path for i in users)})
    task = _Task(options, index, engine, mirrored=out is not None)
    try:
        if on_file is not None:
            on_file(0, len(work))
        for done, (i, result) in enumerate(_each(task, list(work.items()), jobs), 1):
            results[i] = result
            if on_file is not None:
                on_file(done, len(work))
    except KeyboardInterrupt:
        run.interrupted = True
        finished = {i for i, r in results.items() if r.result or r.error}
        waiting = set(work) - finished
        results = {i: r for i, r in results.items() if i not in waiting}
    for i, result in sorted(results.items()):
        result.relative = sources[i].relative
        run.files.append(result)
    return run


def _index_paths(paths: Sequence[str]) -> list[str]:
    """What the index of classes reads: the files to rewrite, and the `__init__.py`
    files above them, which may give their classes other names."""
    out = dict.fromkeys(p for p in paths if not p.endswith(".ipynb"))
    for path in list(out):
        folder = os.path.dirname(path)
        while True:
            init = os.path.join(folder, "__init__.py")
            if init in out or not os.path.exists(init):
                break
            out[init] = None
            folder = os.path.dirname(folder)
    return sorted(out)


def _users(index: list[str], silent: dict[int, files.Found]) -> list[int]:
    """Those files without a mention that use the module classes of others.

    One that makes `Net()`, imported from a file that is rewritten, must change too.
    """
    if not silent or not index:
        return []
    from migrate.analysis.project import Project

    project = Project(index)
    found: list[int] = []
    while True:
        names = project.module_classes()
        if not names:
            return found
        named = re.compile(rb"\b(?:%s)\b" % "|".join(sorted(names)).encode())
        more = [
            i
            for i, source in silent.items()
            if i not in found and _uses(project, source.path, named)
        ]
        found += more
        if not more:
            return found


def _uses(project: Project, path: str, named: re.Pattern[bytes]) -> bool:
    """Whether a file imports from the project; if so, enters it there."""
    if not path.endswith(".py"):
        return False
    raw = files.read(path)
    if b"import" not in raw or not named.search(raw):
        return False
    try:
        summary = project.summary(path, raw)
    except (SyntaxError, ValueError, RecursionError):
        return False
    view = project.seen_from(path)
    if not any(map(view.uses, [*summary.names.values(), *summary.stars])):
        return False
    project.enter(path, summary)
    return True


class _Task:
    """Rewrites one file; carries over to worker processes what all files share."""

    def __init__(
        self,
        options: Options,
        index: list[str],
        engine: Engine | None,
        mirrored: bool,
    ):
        self.options = options
        self.mirrored = mirrored
        self.index = index
        self.engine = engine
        self._project: Any = None

    def prepare(self) -> None:
        """Loads the engine and reads the index."""
        if self.engine is None:
            from migrate.analysis.project import Project

            self.engine = _engine()
            self._project = Project(self.index)

    def __call__(self, source: files.Found) -> FileResult:
        within = source.root if self.mirrored else None
        package, folder = files.home(source.path, self.options.package, within)
        if self.engine is None:
            self.prepare()
        if self.mirrored and source.given and self.options.package is None:
            package = None  # the copy of a single file stands by itself
        elif package is None and self._project is not None:
            package = self._project.package_of(source.path)
        options = dataclasses.replace(self.options, package=package)
        try:
            done = self._file(source.path, options)
        except files.FileError as error:
            done = FileResult(source.path, error=str(error))
        done.home = folder
        return done

    def _file(self, path: str, options: Options) -> FileResult:
        data = files.read(path)
        if path.endswith(".ipynb"):
            return self._notebook(path, data, options)
        text, encoding = files.decode(data)
        result = self._rewrite(path, text, options)
        done = FileResult(path, before=text, result=result)
        if done.changed:
            done.data = files.encode(result.text, encoding)
        return done

    def _notebook(self, path: str, data: bytes, options: Options) -> FileResult:
        from migrate.notebooks import Notebook

        notebook = Notebook(data)
        result = self._rewrite(path, notebook.text, options)
        done = FileResult(path, before=notebook.text, result=result)
        if done.changed:
            done.data = notebook.write(result.text)
        placed = []
        for finding in result.findings:
            cell, line = notebook.place(finding.line)
            placed.append(dataclasses.replace(finding, cell=cell, line=line))
        done.result = dataclasses.replace(
            result, text=notebook.shown(result.text), findings=placed
        )
        done.before = notebook.shown(notebook.text)
        return done

    def _rewrite(self, path: str, text: str, options: Options) -> SourceResult:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)  # the user's own "\d"
                return self.engine(
                    text,
                    path=path,
                    options=options,
                    project=self._project,
                    module_name=_module_name(path),
                )
        except RecursionError as error:
            raise files.FileError("nested too deeply to be read") from error
        except Exception as error:
            fault = _parse_error(text)
            if fault is not None:
                raise files.FileError(files.syntax_message(fault)) from error
            raise files.FileError(_internal(error)) from error


def _parse_error(text: str) -> SyntaxError | None:
    """What Python itself says of a text; the engine's own words are of its parser."""
    try:
        ast.parse(text)
    except SyntaxError as error:
        return error
    except ValueError as error:
        return SyntaxError(str(error))
    return None


def _internal(error: Exception) -> str:
    """One line that lets a maintainer find the fault."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f"{os.path.basename(code.co_filename)}:{trace.tb_lineno}"
        trace = trace.tb_next
    kind = type(error).__name__
    return (
        f"internal fault at {place}: {kind}: {one_line(error)}; the file is left as "
        "it is. Please report it"
    )


def _each(
    task: _Task, work: Sequence[tuple[int, files.Found]], jobs: int | None
) -> Iterator[tuple[int, FileResult]]:
    if jobs is None:
        jobs = min(os.cpu_count() or 1, len(work) // _FILES_PER_WORKER)
    jobs = min(jobs, len(work))
    if jobs <= 1:
        for i, source in work:
            yield i, task(source)
        return
    # Not forked: JAX's threads in this process could hold locks in the children.
    context = multiprocessing.get_context("spawn")
    pool = concurrent.futures.ProcessPoolExecutor(
        jobs, context, initializer=_start_worker, initargs=(task,)
    )
    try:
        pending = {pool.submit(_work, source): i for i, source in work}
        for future in concurrent.futures.as_completed(pending):
            yield pending[future], future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_worker_task: _Task | None = None


def _start_worker(task: _Task) -> None:
    global _worker_task
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers
    _worker_task = task
    task.prepare()


def _work(source: files.Found) -> FileResult:
    return _worker_task(source)
