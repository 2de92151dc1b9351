"""Whether this Python can make the virtual environment; what is missing is named or installed.

Runs before anything is installed, so it needs nothing but the standard library, and it must be
readable to an old Python, so that an old Python can say that it is too old.
"""

import os
import subprocess
import sys
from pathlib import Path

NEEDED = (3, 11)
PACKAGE = ("apt-get", "install", "--yes", "--no-install-recommends", "python3-venv")


def main() -> None:
    """End with a message unless a virtual environment can be made."""
    if sys.version_info < NEEDED:
        found = "{}.{}".format(*sys.version_info[:2])
        sys.exit("Python 3.11 or newer is needed, this is " + found + ": set PYTHON=...")
    try:
        import ensurepip  # noqa: F401 - Debian leaves it out
    except ImportError:
        install()


def install() -> None:
    """Install Debian's package as root, or name the command."""
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists():
        sys.exit("missing: python3-venv. Install it with: sudo " + " ".join(PACKAGE))
    sys.stdout.write("installing python3-venv\n")
    subprocess.check_call(("apt-get", "update", "-q"), stdout=subprocess.DEVNULL)
    subprocess.check_call(PACKAGE, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
