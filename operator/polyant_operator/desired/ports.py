"""Port numbers and names, once."""

from typing import Final

ENGINE: Final = 4000
INTERNAL: Final = 4001  # of the engine; on no edge
WEB: Final = 3000
METRICS: Final = 9090  # also /livez and /readyz
DATABASE: Final = 5432
