"""Draws memory and processor time by the number of requests in flight, as an SVG that is the same
for the same results.
"""

from pathlib import Path
from statistics import median

import matplotlib
from matplotlib.figure import Figure

from table import NAMES

# Distinct for colour-blind readers (Okabe and Ito).
COLOURS = (
    "#d55e00",
    "#e69f00",
    "#f0c000",
    "#009e73",
    "#56b4e9",
    "#0072b2",
    "#cc79a7",
    "#444444",
    "#8c564b",
)
MARKERS = "osD^v<>PX"

matplotlib.rcParams.update(
    {"svg.hashsalt": "scale", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10}
)


def draw(results: dict, file: Path) -> None:
    figure = Figure(figsize=(10, 4.8), facecolor="white", layout="constrained")
    memory, cpu = figure.subplots(1, 2)
    order = list(NAMES)
    for id, subject in results["subjects"].items():
        flights = sorted(
            (int(number), trials)
            for number, trials in subject["flight"].items()
            if int(number) in results["scale"]
        )
        numbers = [number for number, _ in flights]
        look = {
            "color": COLOURS[order.index(id)],
            "marker": MARKERS[order.index(id)],
            "markersize": 4,
        }
        look |= {
            "linewidth": 2.4 if id == "connector" else 1.3,
            "label": NAMES[id].replace("*", "").replace("`", ""),
        }
        memory.plot(
            numbers, [_median(trials, "peak_bytes") / 2**20 for _, trials in flights], **look
        )
        cpu.plot(numbers, [_median(trials, "cpu_secs") for _, trials in flights], **look)
    for axes, title in (
        (memory, "memory of the process at its peak, MiB"),
        (cpu, "processor time for all, seconds"),
    ):
        axes.set(xscale="log", yscale="log", xlabel="authentications in flight", title=title)
        axes.set_xticks(results["scale"], [f"{number:,}" for number in results["scale"]])
        axes.minorticks_off()
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    handles, labels = memory.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=4,
        frameon=False,
        fontsize=8,
        columnspacing=1.5,
    )
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})


def _median(trials: list[dict], name: str) -> float:
    return median(trial[name] for trial in trials)
