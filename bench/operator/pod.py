"""Our operator with the access a pod has: a token file and a CA file, no kubeconfig.

Reading a kubeconfig would import the official client, which costs 46 MB that no pod pays.
"""

import os
import sys
from pathlib import Path

from polyant_operator import settings
from polyant_operator.handlers import process
from polyant_operator.kube import access
from polyant_operator.observability import logs


def main() -> int:
    """Run the operator as `polyant-operator run` would in a pod."""
    found = access.Access(
        server=os.environ["BENCH_SERVER"],
        ca_file=os.environ["BENCH_CA"],
        token_file=Path(os.environ["BENCH_TOKEN"]),
    )
    access.load = lambda *_: found
    loaded = settings.load(os.environ)
    logs.configure(loaded.log_level)
    return process.run(loaded)


if __name__ == "__main__":
    sys.exit(main())
