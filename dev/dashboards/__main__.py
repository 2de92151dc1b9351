"""Write the chart's dashboards: `python -m dev.dashboards`."""

import json
import sys
from pathlib import Path
from typing import Final

from dev.dashboards.pages import PAGES
from dev.dashboards.panels import rendered

FOLDER: Final = Path(__file__).parents[2] / "charts" / "polyant-operator" / "files" / "dashboards"


def text_of(name: str) -> str:
    """Give the file of a dashboard."""
    return json.dumps(rendered(PAGES[name]), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write every file."""
    FOLDER.mkdir(exist_ok=True)
    for name in PAGES:
        (FOLDER / f"{name}.json").write_text(text_of(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
