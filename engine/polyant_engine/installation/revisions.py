"""Where the migrations are, and which revision this code belongs to.

In a wheel they lie inside the package, in a checkout at the top. Alembic is not needed to know the
head: revisions are numbered, and the number starts the file name.
"""

import re
from importlib import resources
from pathlib import Path

_NAMED = re.compile(r"(?P<revision>\d{4})_(expand|contract)_[a-z0-9_]+\.py")


def home() -> Path:
    """Return the folder of the migration scripts."""
    package = Path(str(resources.files("polyant_engine")))
    shipped = package / "_migrations"
    return shipped if shipped.is_dir() else package.parent.parent / "migrations"


def own_head(folder: Path | None = None) -> str:
    """Return the newest revision that this code ships."""
    names = ((folder or home()) / "versions").glob("*.py")
    found = [match["revision"] for path in names if (match := _NAMED.fullmatch(path.name))]
    return max(found)
