"""One trial: a subject in its own process on one core, with the vendor on another, watched until it
prints its figures. The order of the trials is in `compare.py`.
"""

import json
import os
import select
import signal
import subprocess
import time
from pathlib import Path

from subjects import COMPARE, Subject

CORES = sorted(os.sched_getaffinity(0))
SUBJECT_CORE, VENDOR_CORE = CORES[0], CORES[-1]

# A subject that takes more is ended.
MAX_MEMORY_BYTES = 8 << 30
# The share of the free memory that a subject may take, so that the machine does not swap.
MAX_SHARE_OF_FREE = 0.7
# How often a running subject is checked.
LOOK_SECS = 0.05


class Broken(Exception):
    """A failure of the comparison itself, which ends it."""


class Stopped(Exception):
    """A subject that failed or was ended, and why."""


class Vendor:
    """The simulated vendor, in a process of its own."""

    def __init__(self, program: Path, answer_after_ms: int, authorities: Path):
        os.sched_setaffinity(0, {VENDOR_CORE})
        command = [program, "vendor", "--answer-after", str(answer_after_ms)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        told = self._line()
        own = COMPARE / f"authority-{answer_after_ms}.pem"
        own.write_text(told["ca_pem"], encoding="ascii")
        # Python's clients read all roots from one file, so the usual ones are in it too.
        all_roots = COMPARE / f"authorities-{answer_after_ms}.pem"
        all_roots.write_text(
            authorities.read_text(encoding="utf-8") + told["ca_pem"], encoding="utf-8"
        )
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "COMPARE_PORT": told["port"],
            "COMPARE_CA": str(own),
            "COMPARE_CREDENTIAL": told["credential"],
            "NODE_EXTRA_CA_CERTS": str(own),
            "SSL_CERT_FILE": str(all_roots),
            "REQUESTS_CA_BUNDLE": str(all_roots),
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait()

    def done(self) -> dict:
        """The totals since the start: token requests, connections, processor time."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> dict:
        line = self._process.stdout.readline()
        if not line:
            raise Broken("the simulated vendor ended")
        return json.loads(line)


def trial(subject: Subject, vendor: Vendor, work: list[str], max_secs: float) -> dict:
    """Runs a subject once.

    Returns its figures, with the time from its start to their line and the vendor's work meanwhile.
    """
    before = vendor.done()
    log = COMPARE / "subject.log"
    with open(log, "wb") as errors:
        os.sched_setaffinity(0, {SUBJECT_CORE})  # For the new process, which inherits it.
        begin = time.perf_counter()
        process = subprocess.Popen(
            [*subject.command, *work],
            env=vendor.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        os.sched_setaffinity(0, {VENDOR_CORE})
        try:
            line, started = _watch(process, begin, max_secs)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
    if not line:
        words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        why = (
            words[-1]
            if words
            else signal.strsignal(-process.returncode)
            if process.returncode < 0
            else "it printed nothing"
        )
        raise Stopped(why)
    result = json.loads(line)
    if result["ok"] != result["n"]:
        why = result["error"] or "the token is not the vendor's"
        raise Stopped(f"{result['n'] - result['ok']:,} of {result['n']:,} got no token: {why}")
    after = vendor.done()
    asked = after["asked"] - before["asked"]
    # More when a client retries.
    if asked < result["asked"]:
        raise Broken(
            f"{subject.id} says that it made {result['asked']} requests, the vendor saw {asked}"
        )
    result["start_secs"] = started
    result["connections"] = after["connections"] - before["connections"]
    # Without the share of the warm-up.
    result["vendor_cpu_secs"] = (
        (after["cpu_secs"] - before["cpu_secs"]) * result["n"] / result["asked"]
    )
    return result


def _watch(process: subprocess.Popen, begin: float, max_secs: float) -> tuple[bytes, float]:
    max_bytes = min(MAX_MEMORY_BYTES, MAX_SHARE_OF_FREE * _kib("/proc/meminfo", "MemAvailable:"))
    while True:
        ready, _, _ = select.select([process.stdout], [], [], LOOK_SECS)
        took = time.perf_counter() - begin
        if ready:
            line = process.stdout.readline()
            return line, time.perf_counter() - begin
        if took > max_secs:
            raise Stopped(f"not done after {max_secs:.0f} s")
        if _kib(f"/proc/{process.pid}/status", "VmRSS:") > max_bytes:
            raise Stopped(f"more than {max_bytes / 2**30:.0f} GiB of memory")


def _kib(file: str, name: str) -> int:
    try:
        with open(file, encoding="ascii", errors="replace") as lines:
            return next((int(line.split()[1]) << 10 for line in lines if line.startswith(name)), 0)
    except FileNotFoundError:
        return 0  # It has just ended.
