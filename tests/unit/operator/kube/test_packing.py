"""Packed objects: what comes out is what went in, and it is small."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from polyant_operator.kube.kinds import DEPLOYMENT, SERVICE, Object
from polyant_operator.kube.packing import Packer

WORD = st.text('aé\n"☃', max_size=4)
LEAF = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | WORD
JSON = LEAF | st.lists(LEAF, max_size=3) | st.dictionaries(WORD, LEAF, max_size=3)


def deployment(name: str) -> Object:
    variables = [{"name": f"VARIABLE_{n}", "value": "the same everywhere"} for n in range(50)]
    return {"metadata": {"name": name}, "spec": {"containers": [{"env": variables}]}}


@settings(deadline=None, max_examples=50)
@given(objects=st.lists(st.dictionaries(WORD, JSON, max_size=3), min_size=1, max_size=4))
def test_what_comes_out_is_what_went_in(objects: list[Object]) -> None:
    packer = Packer()

    packed = [packer.pack(SERVICE, obj) for obj in objects]

    assert [packer.unpack(SERVICE, each) for each in packed] == objects


def test_objects_of_one_kind_take_next_to_nothing() -> None:
    packer = Packer()
    packer.pack(DEPLOYMENT, deployment("first"))

    packed = packer.pack(DEPLOYMENT, deployment("second"))

    assert len(packed) < len(json.dumps(deployment("second"))) / 20


def test_a_sample_larger_than_the_compressors_window_does_no_harm() -> None:
    packer = Packer()
    large = {"data": {str(number): "x" * 100 for number in range(1000)}}

    packed = [packer.pack(SERVICE, obj) for obj in (large, deployment("a"))]

    assert [packer.unpack(SERVICE, each) for each in packed] == [large, deployment("a")]
