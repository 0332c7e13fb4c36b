"""Turns results into a table in Markdown, with notes below it. Every figure is computed here from
the output of trials.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from subjects import SUBJECTS

BEGIN, END = "<!-- comparison: begin -->", "<!-- comparison: end -->"

NAMES = {subject.id: subject.name for subject in SUBJECTS}
SHORT = {subject.id: subject.short for subject in SUBJECTS}
PICTURE = "docs/scale.svg"

# The number in flight of the column "many".
IN_FLIGHT = 64
# A vendor that is busy for this share of the time may be the bottleneck.
BUSY = 0.9


@dataclass(frozen=True)
class Column:
    """A column: its kind of trial (none for sizes), and its figures in the results of a subject."""

    id: str
    title: str
    trial: str | None
    figures: Callable[[dict, dict], list[float]] | None


def _each(name: str, figure: Callable[[dict], float]) -> Callable[[dict, dict], list[float]]:
    return lambda subject, _: [figure(result) for result in subject.get(name, [])]


def _reached(subject: dict, results: dict) -> tuple[int, int] | None:
    """The two greatest numbers in flight that a subject reached, for the slope."""
    reached = [number for number in results["slope"] if str(number) in subject["flight"]]
    return (reached[-2], reached[-1]) if len(reached) > 1 else None


def _slope(subject: dict, results: dict) -> list[float]:
    reached = _reached(subject, results)
    if not reached:
        return []
    few, many = reached
    least = median(trial["peak_bytes"] for trial in subject["flight"][str(few)])
    return [
        (trial["peak_bytes"] - least) / (many - few) / 2**10
        for trial in subject["flight"][str(many)]
    ]


COLUMNS = (
    Column("size", "size", None, None),
    Column(
        "cold",
        "cold start to first session, ms",
        "first",
        _each("first", lambda result: result["start_secs"] * 1e3),
    ),
    Column(
        "cpu",
        "processor time for each, ms",
        "loop",
        _each("loop", lambda result: result["cpu_secs"] / result["n"] * 1e3),
    ),
    Column(
        "rate",
        "per second, one after the other",
        "loop",
        _each("loop", lambda result: result["n"] / result["wall_secs"]),
    ),
    Column(
        "many",
        f"per second, {IN_FLIGHT} in flight",
        "many",
        _each("many", lambda result: result["n"] / result["wall_secs"]),
    ),
    Column(
        "memory",
        "memory after the first, MiB",
        "first",
        _each("first", lambda result: result["proportional_bytes"] / 2**20),
    ),
    Column("flight", "memory for each in flight, KiB", "flight", _slope),
)


def markdown(results: dict, columns: list[Column], picture: bool) -> str:
    rows = [["one core, medians (least–most)", *(column.title for column in columns)]]
    rows.append(["---", *("---:" for _ in columns)])
    for id, subject in results["subjects"].items():
        rows.append([NAMES[id], *(_cell(column, subject, results) for column in columns)])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    if picture:
        most = f"{results['scale'][-1]:,}"
        lines += [
            "",
            f"![Memory and processor time, from 1 to {most} authentications in flight](scale.svg)",
        ]
    return "\n".join([*lines, "", *(f"- {note}" for note in _notes(results, columns))])


def write_into(document: Path, text: str) -> None:
    before, begin, rest = document.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"compare: {document} lacks the marks {BEGIN} and {END}")
    document.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def _cell(column: Column, subject: dict, results: dict) -> str:
    if column.figures is None:
        return _size(subject["size"])
    figures = column.figures(subject, results)
    if not figures:
        return "–"
    mark = "\\*" if column.id in ("rate", "many") and _vendor_busy(subject[column.trial]) else ""
    middle = median(figures)
    if len(figures) == 1:
        return _number(middle, middle) + mark
    least, most = (_number(end(figures), middle) for end in (min, max))
    return f"{_number(middle, middle)}{mark} ({least}–{most})"


def _vendor_busy(trials: list[dict]) -> bool:
    return median(trial["vendor_cpu_secs"] / trial["wall_secs"] for trial in trials) > BUSY


def _size(size: dict | None) -> str:
    if size is None:
        return "in the program"
    if size["kind"] != "component":
        return f"{size['bytes'] / 2**20:.1f} MiB and {size['kind']}"
    return f"{_bytes(size['bytes'])}, {_bytes(size['gzip_bytes'])} gzipped"


def _bytes(number: float) -> str:
    return f"{number / 2**20:.1f} MiB" if number >= 2**20 else f"{number / 2**10:.0f} KiB"


def _number(number: float, middle: float) -> str:
    """Formats a number with three significant digits of the median."""
    digits = next((digits for digits, least in enumerate((100, 10, 1)) if abs(middle) >= least), 3)
    return f"{number:,.{digits}f}"


def _notes(results: dict, columns: list[Column]) -> list[str]:
    subjects = results["subjects"]
    ids = {column.id for column in columns}
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    notes = [
        f"`bench/compare/run` on {results['machine']}: each subject on one core and the vendor on "
        f"another, {results['rounds']} rounds in turn.",
        f"{versions}.",
        "Each authentication gets a new token from the project's simulated Hotjar, over TLS. The "
        "simulator counts the requests too.",
    ]
    runtimes = ", ".join(f"{name} {_bytes(size)}" for name, size in results["runtimes"].items())
    if "size" in ids and runtimes:
        notes.append(f"Not in the size: {runtimes}.")
    took = ", ".join(f"{SHORT[id]} {secs:.1f} s" for id, secs in results["compile_secs"].items())
    if "cold" in ids and took:
        notes.append(
            f"The baseline host loads machine code that was compiled before: {took}. "
            "`connector-host` loads it from its cache."
        )
    if "cold" in ids:
        notes.append("A cold start finds its files in the page cache.")
    made = ", ".join(
        f"{SHORT[id]} {_connections(subject['loop']):.2f}"
        for id, subject in subjects.items()
        if "loop" in subject
    )
    if made:
        notes.append(f"Connections for each authentication, one after the other: {made}.")
    if "flight" in ids:
        few, many = results["slope"][-2:]
        early = [
            SHORT[id]
            for id, subject in subjects.items()
            if (_reached(subject, results) or [many])[-1] < many
        ]
        early = f" ({' and '.join(early)}: between the numbers before)" if early else ""
        notes.append(
            f"Memory for each in flight is the slope of the peak from {few:,} to {many:,}{early}. "
            "The vendor answers one second after the last request."
        )
    if "airbyte" in subjects:
        notes.append(
            "A source of Airbyte's signs in behind one lock for the whole process; here its "
            "authenticator is called without the lock."
        )
    for id, subject in subjects.items():
        if "stopped" in subject:
            stopped = subject["stopped"]
            notes.append(f"With {stopped['at']:,} in flight {SHORT[id]} fails: {stopped['why']}.")
    if any(
        _vendor_busy(subject[name])
        for subject in subjects.values()
        for name in ("loop", "many")
        if name in subject
    ):
        notes.append("\\* The simulated vendor was the bottleneck: the subject could do more.")
    return notes


def _connections(trials: list[dict]) -> float:
    return sum(trial["connections"] for trial in trials) / sum(trial["asked"] for trial in trials)
