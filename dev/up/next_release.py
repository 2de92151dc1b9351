"""An engine of the next release, for the tests: the same code and one migration more.

The migration takes its time on purpose, so that there is a while in which it runs and the pods
of the release before have to serve. It only adds, as every migration of a release does.
"""

import tempfile
from pathlib import Path

from dev.images import builders
from dev.up.world import World

MIGRATION_SECONDS = 20
DOCKERFILE = """\
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
COPY 9001_expand_next_release.py /opt/polyant/polyant_engine/_migrations/versions/
"""
MIGRATION = f"""\
from pathlib import Path

from alembic import op

revision = "9001"
down_revision = max(path.name[:4] for path in Path(__file__).parent.glob("0*.py"))
branch_labels = None
depends_on = None
min_head = "0001"


def upgrade() -> None:
    op.execute("SELECT pg_sleep({MIGRATION_SECONDS})")
    op.execute("CREATE TABLE next_release (id bigint PRIMARY KEY)")
"""


def image(world: World) -> str:
    """Build it and bring it into the cluster; return its name there."""
    engine = world.workshop.reference("engine")
    reference = f"{engine}-next"
    with tempfile.TemporaryDirectory(prefix="polyant-next-") as folder:
        context = Path(folder)
        (context / "Dockerfile").write_text(DOCKERFILE)
        (context / "9001_expand_next_release.py").write_text(MIGRATION)
        build = builders.Build(
            reference=reference,
            dockerfile=context / "Dockerfile",
            context=context,
            key=reference,
            arguments=(("BASE_IMAGE", engine),),
            secrets=(),
        )
        world.workshop.builder.build(build, world.workshop.runner)
    return world.provider.load([reference], world.terminal.say)[reference]
