"""Processes of this machine: who is whose child, and who is still there."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Process(NamedTuple):
    pid: int
    parent: int
    command: str


def descendants(pid: int) -> list[Process]:
    """The children of `pid`, theirs, and so on."""
    everything = list(_processes())
    found: list[Process] = []
    parents = {pid}
    while children := [one for one in everything if one.parent in parents]:
        found += children
        parents = {one.pid for one in children}
    return found


def alive(pids: list[int]) -> list[int]:
    """Those that run (a zombie, dead but not yet fetched by its parent, does not)."""
    running = {one.pid for one in _processes()}
    return [pid for pid in pids if pid in running]


def _processes() -> Iterator[Process]:
    if Path("/proc/self/stat").exists():
        yield from _from_proc()
        return
    listed = subprocess.run(["ps", "-axo", "pid=,ppid=,stat=,command="], capture_output=True, text=True, check=True)
    for line in listed.stdout.splitlines():
        pid, parent, state, command = line.split(None, 3)
        if not state.startswith("Z"):
            yield Process(int(pid), int(parent), command)


def _from_proc() -> Iterator[Process]:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            stat = (folder / "stat").read_text()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue  # it has just ended
        state, parent, *_ = stat.rpartition(")")[2].split()
        if state not in "ZX":
            yield Process(int(folder.name), int(parent), command.replace(b"\0", b" ").decode(errors="replace"))
