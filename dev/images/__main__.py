"""`python -m dev.images build [NAME ...]`: build the container images that are stale.

Also `sizes`, which prints every image's size and what it adds to its base, and `names`, which
prints the full name of every image for use in other commands.
"""

import argparse
import sys

from dev.images import building, catalog, process


def main() -> int:
    """Run one command and return its exit code."""
    options = _options()
    workshop = building.workshop(_say)
    missing = workshop.builder.missing()
    if missing:
        _say(f"missing: {', '.join(missing)}. Install with: apt-get install -y {' '.join(missing)}")
        return 69
    try:
        return COMMANDS[options.command](workshop, options)
    except process.CommandError as error:
        _say(str(error))
        return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dev.images", description=__doc__)
    parser.add_argument("command", choices=sorted(COMMANDS))
    parser.add_argument("names", nargs="*", help=f"any of {', '.join(catalog.ALL)}; default: all")
    parser.add_argument("--force", action="store_true", help="build even what is up to date")
    options = parser.parse_args()
    unknown = set(options.names) - set(catalog.ALL)
    if unknown:
        parser.error(f"no image {min(unknown)!r}; there are {', '.join(catalog.ALL)}")
    return options


def _build(workshop: building.Workshop, options: argparse.Namespace) -> int:
    for name in options.names or workshop.names():
        workshop.build(name, force=options.force)
    return _sizes(workshop, options)


def _sizes(workshop: building.Workshop, options: argparse.Namespace) -> int:
    sizes = {name: workshop.builder.size(workshop.reference(name)) for name in workshop.names()}
    for name in options.names or workshop.names():
        size, base = sizes.get(name), sizes.get(catalog.ALL[name].base or "")
        above = f", {(size - base) / 1e6:.0f} MB above the base" if size and base else ""
        shown = f"{size / 1e6:.0f} MB" if size else "not built"
        _say(f"{workshop.reference(name)}: {shown}{above}")
    return 0


def _names(workshop: building.Workshop, options: argparse.Namespace) -> int:
    for name in options.names or workshop.names():
        print(workshop.reference(name))
    return 0


COMMANDS = {"build": _build, "sizes": _sizes, "names": _names}


def _say(line: str) -> None:
    print(f"images: {line}", flush=True, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
