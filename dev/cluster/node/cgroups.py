"""The control group under which a cluster's pods live, on cgroup v1 and v2."""

import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
CONTROLLERS = ("cpu", "cpuset", "memory", "pids", "io", "hugetlb")


def create(name: str, root: Path = ROOT) -> None:
    """Make the group in every hierarchy; the kubelet refuses to start without it."""
    if (root / "cgroup.controllers").exists():
        for controller in CONTROLLERS:
            _enable(root, controller)
    for hierarchy in hierarchies(root):
        (hierarchy / name).mkdir(exist_ok=True)


def remove(name: str, root: Path = ROOT, *, patience: float = 10.0) -> None:
    """Remove the group and all below it; a process that is just dying holds it a moment longer."""
    deadline = time.monotonic() + patience
    for hierarchy in hierarchies(root):
        group = hierarchy / name
        while group.exists() and not _removed(group) and time.monotonic() < deadline:
            time.sleep(0.1)


def hierarchies(root: Path) -> list[Path]:
    """Return the mount points of the hierarchies: the root itself on v2, a folder each on v1."""
    if (root / "cgroup.controllers").exists():
        return [root]
    return [path for path in sorted(root.iterdir()) if path.is_dir() and not path.is_symlink()]


def _enable(root: Path, controller: str) -> None:
    try:
        (root / "cgroup.subtree_control").write_text(f"+{controller}", encoding="ascii")
    except OSError:  # this kernel lacks it; the kubelet says so if it needs it
        return


def _removed(group: Path) -> bool:
    children = [path for path in group.rglob("*") if path.is_dir()]
    for child in sorted(children, key=lambda path: len(path.parts), reverse=True):
        _try_remove(child)
    return _try_remove(group)


def _try_remove(group: Path) -> bool:
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
