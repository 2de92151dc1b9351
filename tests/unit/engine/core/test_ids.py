from itertools import pairwise

from polyant_engine.core import ids


def test_ids_are_of_version_7() -> None:
    made = ids.new_id()

    assert made.version == 7
    assert made.variant == "specified in RFC 4122"


def test_the_first_48_bits_are_the_milliseconds() -> None:
    made = ids.uuid7(1_700_000_000_123_456_789, entropy=0)

    assert made.int >> 80 == 1_700_000_000_123


def test_ids_of_later_moments_are_greater() -> None:
    made = [ids.uuid7(1_000_000_000 + step * 250, entropy=2**62 - 1 - step) for step in range(1000)]

    assert all(before < after for before, after in pairwise(made))


def test_tokens_are_long_random_and_carry_no_time() -> None:
    made = {ids.new_token(ids.SESSION_PREFIX) for _ in range(100)}

    assert len(made) == 100
    assert all(token.startswith("ps_") and len(token) == 46 for token in made)
    assert len({token[3:6] for token in made}) > 50
