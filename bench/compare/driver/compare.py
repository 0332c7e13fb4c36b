"""Runs the comparison: the order of the trials, and the processing of their results. `../run`
installs what this needs and starts it.

Subjects take turns, so that other load on the machine affects all of them.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import table
from measure import CORES, Broken, Stopped, Vendor, trial
from subjects import COMPARE, CONNECTOR, HERE, PROGRAM, ROOT, SUBJECTS, Subject, machine_code, needs
from table import IN_FLIGHT

# The delay of the vendor's answers in trials with many requests in flight.
ANSWER_AFTER_MS = 1000
# The first loop of a subject, from which the length of its other loops is estimated.
FIRST_LOOP = 8
ONLY_WHOLE = "--write needs the whole comparison, not a part of it"


class Plan:
    """How much is measured: in some thirteen minutes, or in three with `--quick`."""

    def __init__(self, quick: bool):
        self.rounds = 2 if quick else 5
        # The time of one loop, after a warm-up of the same length.
        self.loop_secs = 0.3 if quick else 1.0
        self.max_times = 20_000
        # Memory for a call in flight is the slope between the two greatest of these that a subject
        # reaches.
        self.slope = [1, 10, 100] if quick else [10, 100, 1_000]
        self.slope_rounds = 1 if quick else 3
        self.scale = [1, 10, 100] if quick else [1, 10, 100, 1_000, 10_000]
        self.max_secs = 20 if quick else 60
        # Compiling takes longer than the quick comparison.
        self.keep_machine_code = quick


def main() -> None:
    names = [f"{subject.id}: {subject.name.strip('*')}" for subject in SUBJECTS]
    titles = [f"{column.id}: {column.title}" for column in table.COLUMNS]
    parser = argparse.ArgumentParser(
        prog="bench/compare/run",
        description="Signs in to the simulated Hotjar with this plugin and with what people use "
        "today, on the same machine in the same run. Prints a table in Markdown, and draws "
        "target/compare/scale.svg.",
        epilog=f"Subjects: {'; '.join(names)}. Columns: {'; '.join(titles)}.",
    )
    parser.add_argument(
        "--subjects",
        metavar="A,B",
        type=_choice([subject.id for subject in SUBJECTS]),
        help="only these",
    )
    parser.add_argument(
        "--columns",
        metavar="A,B",
        type=_choice([column.id for column in table.COLUMNS]),
        help="only these",
    )
    parser.add_argument(
        "--no-picture", action="store_true", help="skip the trials that only the picture needs"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="fewer and shorter trials, in some three minutes",
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="write the table into docs/comparison.md and the picture to docs/scale.svg",
    )
    parser.add_argument(
        "--from",
        dest="file",
        type=Path,
        metavar="FILE",
        help="measure nothing; use the results of an earlier run (target/compare/results.json)",
    )
    parser.add_argument("--needs", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    whole = not (options.quick or options.subjects or options.columns or options.no_picture)
    if options.write and not whole:
        parser.error(ONLY_WHOLE)
    subjects = [
        subject for subject in SUBJECTS if not options.subjects or subject.id in options.subjects
    ]
    columns = [
        column for column in table.COLUMNS if not options.columns or column.id in options.columns
    ]
    if options.needs:
        print(*(["python"] if options.file else needs(subjects)))
        return

    if options.file:
        results = json.loads(options.file.read_text(encoding="utf-8"))
    else:
        results = {
            "whole": whole,
            **measure(subjects, columns, not options.no_picture, Plan(options.quick)),
        }
        (COMPARE / "results.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    if options.write and not results["whole"]:
        parser.error(ONLY_WHOLE)
    text = table.markdown(results, columns, options.write)
    if results["scale"]:
        import picture

        drawing = ROOT / table.PICTURE if options.write else COMPARE / "scale.svg"
        picture.draw(results, drawing)
        say(f"wrote {drawing}")
    if options.write:
        table.write_into(ROOT / "docs/comparison.md", text)
    print(text)


def _choice(known: list[str]):
    def read(text: str) -> list[str]:
        names = text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(
                    f"unknown {name!r}; known: {', '.join(known)}"
                )
        return names

    return read


def measure(
    subjects: list[Subject], columns: list[table.Column], picture: bool, plan: Plan
) -> dict:
    import certifi
    import sizes

    # Some clients need a connection for each request in flight.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    authorities = Path(certifi.where())

    wanted = {column.trial for column in columns}
    found_versions = versions(subjects)
    compile_secs = prepare(subjects, plan)
    found = {subject.id: {"size": sizes.installed(subject), "flight": {}} for subject in subjects}
    loops = [name for name in ("first", "loop", "many") if name in wanted]
    flights = sorted(
        {*(plan.slope if "flight" in wanted else []), *(plan.scale if picture else [])}
    )
    turns = Turns(
        len(subjects)
        * (plan.rounds * len(loops) + sum(_rounds(plan, number, wanted) for number in flights))
    )

    if loops:
        with Vendor(PROGRAM, 0, authorities) as vendor:
            works = {subject.id: _works(subject, vendor, plan) for subject in subjects}
            for number in range(plan.rounds):
                for subject in _turned(subjects, number):
                    for name in loops:
                        work = works[subject.id][name]
                        turns.say(f"{subject.id} {' '.join(work)}")
                        result = _must(subject, vendor, work, plan.max_secs)
                        found[subject.id].setdefault(name, []).append(result)
    if flights:
        with Vendor(PROGRAM, ANSWER_AFTER_MS, authorities) as vendor:
            for number in range(plan.slope_rounds):
                for in_flight in flights:
                    if number < _rounds(plan, in_flight, wanted):
                        for subject in _turned(subjects, number):
                            turns.say(f"{subject.id} flight {in_flight}")
                            _fly(subject, vendor, in_flight, found[subject.id], plan)
    return {
        "machine": machine(),
        "versions": found_versions,
        "runtimes": sizes.runtimes(subjects),
        "compile_secs": compile_secs,
        "rounds": plan.rounds,
        "slope": plan.slope,
        "scale": plan.scale if picture else [],
        "subjects": found,
    }


def prepare(subjects: list[Subject], plan: Plan) -> dict[str, float]:
    """Writes the components and their machine code. Returns the time of compiling in seconds."""
    if not _is_newer(CONNECTOR, [PROGRAM]):
        subprocess.run([PROGRAM, "plugin", CONNECTOR], check=True)
    took = {}
    for subject in subjects:
        code = subject.compiled and machine_code(subject.component)
        kept = plan.keep_machine_code and code and _is_newer(code, [subject.component, PROGRAM])
        if code and not kept:
            say(f"compiling {subject.component.name}")
            begin = time.perf_counter()
            pinned = ["taskset", "--cpu-list", str(CORES[0])]
            subprocess.run([*pinned, PROGRAM, "compile", subject.component, code], check=True)
            took[subject.id] = time.perf_counter() - begin
    return took


def _is_newer(file: Path, than: list[Path]) -> bool:
    return file.exists() and all(file.stat().st_mtime > other.stat().st_mtime for other in than)


def _works(subject: Subject, vendor: Vendor, plan: Plan) -> dict[str, list[str]]:
    """The work of a subject, by the time that it takes.

    Also fills the file cache, so that no trial reads from disk.
    """
    say(f"estimating the time of {subject.id}")
    times = FIRST_LOOP
    # Twice, since a just-in-time compiler has optimized little after eight.
    for _ in range(2):
        result = _must(subject, vendor, ["loop", str(times)], plan.max_secs)
        times = int(plan.loop_secs * result["n"] / result["wall_secs"])
        times = max(FIRST_LOOP, min(times, plan.max_times))
    return {
        "first": ["first"],
        "loop": ["loop", str(times)],
        "many": ["loop", str(max(times, IN_FLIGHT)), str(IN_FLIGHT)],
    }


def _must(subject: Subject, vendor: Vendor, work: list[str], max_secs: float) -> dict:
    try:
        return trial(subject, vendor, work, max_secs)
    except Stopped as stopped:
        raise Broken(f"{subject.id} {' '.join(work)}: {stopped}") from stopped


def _fly(subject: Subject, vendor: Vendor, in_flight: int, found: dict, plan: Plan) -> None:
    """Runs a trial with so many in flight, unless the subject has failed with fewer before."""
    stopped = found.get("stopped")
    if stopped and in_flight >= stopped["at"]:
        return
    try:
        result = trial(subject, vendor, ["flight", str(in_flight)], plan.max_secs)
        found["flight"].setdefault(str(in_flight), []).append(result)
    except Stopped as why:
        if in_flight == 1:
            raise Broken(f"{subject.id} flight 1: {why}") from why
        say(f"{subject.id} failed: {why}")
        if str(in_flight) not in found["flight"]:
            found["stopped"] = {"at": in_flight, "why": str(why)}


def _rounds(plan: Plan, in_flight: int, wanted: set[str]) -> int:
    """More where the table's figure comes from: the two greatest numbers in flight."""
    return plan.slope_rounds if in_flight in plan.slope[-2:] and "flight" in wanted else 1


def _turned(subjects: list[Subject], number: int) -> list[Subject]:
    """Another subject begins in each round."""
    number %= len(subjects)
    return [*subjects[number:], *subjects[:number]]


class Turns:
    """Reports progress."""

    def __init__(self, all: int):
        self.all, self.done, self.begin = all, 0, time.monotonic()

    def say(self, what: str) -> None:
        self.done += 1
        say(f"[{self.done}/{self.all}, {time.monotonic() - self.begin:.0f} s] {what}")


def machine() -> str:
    cpu = platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    linux = platform.release().partition("-")[0]
    return f"{os.cpu_count()} cores of an {cpu}, {memory:.0f} GiB, Linux {linux}"


def versions(subjects: list[Subject]) -> dict[str, str]:
    import importlib.metadata

    def said(*command: str) -> str:
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()

    packages = {
        package["name"]: package["version"]
        for package in json.loads(said("cargo", "metadata", "--format-version=1"))["packages"]
    }
    found = {"Rust": said("rustc", "--version").split()[1], "wasmtime": packages["wasmtime"]}
    ids = {subject.id for subject in subjects}
    if "oauth2" in ids:
        found["oauth2"] = packages["oauth2"]
    if "js" in ids:
        lock = _lock(HERE / "js/package-lock.json")
        found["componentize-js"] = lock["@bytecodealliance/componentize-js"]
    if "py" in ids:
        found["componentize-py"] = _pinned(HERE / "python/requirements.txt")["componentize-py"]
    for subject in subjects:
        for package in subject.python_packages:
            found["Python"] = platform.python_version()
            found[package] = importlib.metadata.version(package)
        if subject.node_package:
            found["Node"] = said("node", "--version").removeprefix("v")
            found[subject.node_package] = _lock(HERE / "clients/package-lock.json")[
                subject.node_package
            ]
    return found


def _lock(file: Path) -> dict[str, str]:
    packages = json.loads(file.read_text(encoding="utf-8"))["packages"]
    return {
        path.removeprefix("node_modules/"): package["version"]
        for path, package in packages.items()
        if path
    }


def _pinned(file: Path) -> dict[str, str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def say(what: str) -> None:
    print(f"compare: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main()
    except (Broken, OSError, subprocess.CalledProcessError) as broken:
        sys.exit(f"compare: {broken}")
    except KeyboardInterrupt:
        sys.exit(130)
