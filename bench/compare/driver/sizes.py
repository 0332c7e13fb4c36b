"""The sizes of subjects: files as they are installed, without the caches that the interpreter
writes.
"""

import gzip
import importlib.metadata
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from subjects import COMPARE, NODE, PROGRAM, Subject


def installed(subject: Subject) -> dict | None:
    if subject.component:
        data = subject.component.read_bytes()
        return {"kind": "component", "bytes": len(data), "gzip_bytes": len(gzip.compress(data, 9))}
    if subject.python_packages:
        size = sum(map(_distribution, _closure(subject.python_packages)))
        return {"kind": "Python", "bytes": size}
    if subject.node_package:
        return {"kind": "Node", "bytes": _folder(NODE / "node_modules")}
    return None


def _closure(names: tuple[str, ...]) -> set[str]:
    """Packages and their dependencies on this machine."""
    from packaging.requirements import Requirement

    found: set[str] = set()
    left = [Requirement(name) for name in names]
    while left:
        wanted = left.pop()
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        for extra in ["", *wanted.extras]:
            if f"{name}[{extra}]" in found:
                continue
            found.add(f"{name}[{extra}]")
            for line in importlib.metadata.requires(name) or []:
                further = Requirement(line)
                if further.marker is None or further.marker.evaluate({"extra": extra}):
                    left.append(further)
    return {name.partition("[")[0] for name in found}


def _distribution(name: str) -> int:
    files = importlib.metadata.files(name) or []
    files = (Path(file.locate()) for file in files if file.suffix != ".pyc")
    return sum(file.stat().st_size for file in files if file.is_file())


def _folder(folder: Path, without: tuple[str, ...] = ()) -> int:
    if folder.name in without:
        return 0
    sizes = 0
    for entry in folder.iterdir():
        if entry.is_symlink():
            continue
        sizes += _folder(entry, without) if entry.is_dir() else entry.stat().st_size
    return sizes


def runtimes(subjects: list[Subject]) -> dict[str, int]:
    """The size of what a subject needs besides, in bytes: interpreters, and the host program."""
    found = {}
    if any(subject.component for subject in subjects):
        stripped = COMPARE / "compare-stripped"
        if subprocess.run(["strip", "-o", stripped, PROGRAM], check=False).returncode == 0:
            found["the host's program"] = stripped.stat().st_size
    if any(subject.python_packages for subject in subjects):
        library = Path(sysconfig.get_paths()["stdlib"])
        found["Python"] = _folder(library, ("site-packages", "__pycache__", "test"))
        found["Python"] += Path(sys.executable).resolve().stat().st_size
    node = shutil.which("node")
    if node and any(subject.node_package for subject in subjects):
        found["Node"] = Path(node).resolve().stat().st_size
    return found
