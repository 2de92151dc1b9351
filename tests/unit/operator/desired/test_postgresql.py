"""The major version of PostgreSQL that an image's tag tells."""

import pytest

from polyant_operator.desired import postgresql


@pytest.mark.parametrize(
    ("image", "major"),
    [
        ("postgres:16", "16"),
        ("docker.io/library/postgres:17.2-bookworm", "17"),
        ("postgres:18beta1", "18"),
        ("registry.test:5000/postgres:v16.4", "16"),
        ("pgvector/pgvector:pg17", "17"),
        ("pgvector/pgvector:0.8.1-pg16-trixie", "16"),
        (f"postgres:16@sha256:{'a' * 64}", "16"),
        (f"registry.test:5000/postgres@sha256:{'1' * 64}", None),
        ("registry.test:5000/postgres", None),
        ("postgres:latest", None),
        ("postgres:2026-11-24", None),
    ],
)
def test_the_major_is_read_from_the_tag_where_it_is_told(image: str, major: str | None) -> None:
    assert postgresql.major(image) == major
