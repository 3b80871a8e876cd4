"""How much memory of its own (not of mapped files) this process takes."""

from __future__ import annotations

import threading


class Watch:
    """The most anonymous memory of this process while it is open, in bytes."""

    def __enter__(self) -> Watch:
        self.start = self.peak = self._now()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error) -> None:
        self._done.set()
        self._thread.join()
        self.peak = max(self.peak, self._now())

    @property
    def taken(self) -> int:
        """What came on top of what was there at the start."""
        return self.peak - self.start

    def _run(self) -> None:
        while not self._done.wait(0.002):
            self.peak = max(self.peak, self._now())

    @staticmethod
    def _now() -> int:
        with open("/proc/self/status") as file:
            for line in file:
                if line.startswith("RssAnon"):
                    return int(line.split()[1]) * 1024
        raise RuntimeError("this system does not tell anonymous memory")
