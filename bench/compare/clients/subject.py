"""What the subjects in Python share: the connection to the simulated vendor, the command line, and
the report of the process on itself.

The same is in Rust in `../host/main.rs` and `../host/account.rs`, and in JavaScript in
`openid_client.mjs`. All print the same line.
"""

import json
import os
import socket
import sys
import time
from collections.abc import Callable

HOST = "api.hotjar.io"
TOKEN_URL = f"https://{HOST}/v1/oauth/token"
# The driver ends what takes too long.
PATIENCE_SECS = 600

credential: dict[str, str] = json.loads(os.environ["COMPARE_CREDENTIAL"])

Answers = list[str | Exception]


def reach_the_simulator() -> None:
    """Resolves the vendor's name to the simulator, below the client.

    SSL_CERT_FILE and REQUESTS_CA_BUNDLE make the client trust its certificate authority.
    """
    look_up, connect = socket.getaddrinfo, socket.socket.connect
    there, port = ("127.0.0.1", 443), int(os.environ["COMPARE_PORT"])

    def getaddrinfo(host, *args, **kwargs):
        if host in (HOST, HOST.encode()):
            return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", there)]
        return look_up(host, *args, **kwargs)

    socket.getaddrinfo = getaddrinfo
    # Some clients take the port from the URL, whatever the name leads to.
    socket.socket.connect = lambda self, address: connect(
        self, ("127.0.0.1", port) if address == there else address
    )


def main(sign_in_often: Callable[[int, int], Answers]) -> None:
    """Runs `sign_in_often`, which signs in `times` times with `at_once` in flight, as the arguments
    say, and prints its time and memory.
    """
    kind, *numbers = sys.argv[1:]
    times = int(numbers[0]) if numbers else 1
    at_once = {"first": 1, "loop": int(numbers[1]) if len(numbers) > 1 else 1, "flight": times}[
        kind
    ]
    before = {"first": 0, "loop": times, "flight": 1}[kind]

    warm = sign_in_often(before, at_once) if before else []
    resident = _kib("/proc/self/status", "VmRSS:")
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")  # Resets the peak.
    # For the first session, all since the start of the process counts.
    cpu = time.process_time() if before else 0
    begin = time.perf_counter()
    done = sign_in_often(times, at_once)
    wall = time.perf_counter() - begin
    cpu = time.process_time() - cpu
    errors = [answer for answer in [*warm, *done] if isinstance(answer, Exception)]
    print(
        json.dumps(
            {
                "asked": before + times,
                "n": times,
                "ok": sum(isinstance(answer, str) and answer.startswith("sim") for answer in done),
                # Not its message, which may hold the vendor's text.
                "error": type(errors[0]).__name__ if errors else None,
                "wall_secs": wall,
                "cpu_secs": cpu,
                "resident_bytes": resident,
                "peak_bytes": _kib("/proc/self/status", "VmHWM:"),
                "proportional_bytes": _kib("/proc/self/smaps_rollup", "Pss:"),
            }
        ),
        flush=True,
    )


def _kib(file: str, name: str) -> int:
    with open(file, encoding="ascii") as lines:
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith(name))
