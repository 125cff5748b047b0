"""Near-duplicates: all of them are found, in any order, and in time that does not explode."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cyclegan_glasses.criteria.copies import Copies
from cyclegan_glasses.criteria.duplicates import hashes, near_groups, to_numbers
from cyclegan_glasses.photo import Photo
from tests.criteria.helpers import varied, with_glasses


def by_brute_force(first: np.ndarray, second: np.ndarray, bits: int) -> list[int]:
    """Groups by comparing every pair."""
    groups = list(range(len(first)))
    for one in range(len(first)):
        for other in range(one):
            apart = [int(column[one] ^ column[other]).bit_count() for column in (first, second)]
            if max(apart) <= bits:
                old, new = max(groups[one], groups[other]), min(groups[one], groups[other])
                groups = [new if group == old else group for group in groups]
    return groups


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.sets(st.integers(0, 63), max_size=9)), max_size=24),
    st.integers(0, 15),
)
def test_every_near_pair_is_found_as_by_comparing_all(changes, bits):
    """A pair that is missed ends on both sides of the split."""
    bases = [0x0123456789ABCDEF, 0xFFFF0000FFFF0000, 0, 2**64 - 1]
    codes = [bases[base] ^ sum(1 << bit for bit in flipped) for base, flipped in changes]
    first = np.array(codes, np.uint64)
    second = np.array([bases[base] for base, _ in changes], np.uint64)
    assert near_groups(first, second, bits).tolist() == by_brute_force(first, second, bits)


def test_both_hashes_must_be_near():
    first = np.array([7, 7], np.uint64)
    assert near_groups(first, np.array([0, 0b111], np.uint64), 3).tolist() == [0, 0]
    assert near_groups(first, np.array([0, 0b1111], np.uint64), 3).tolist() == [0, 1]


def test_a_hundred_thousand_pictures_take_seconds_even_if_many_are_alike():
    """Comparing all pairs would be five thousand million comparisons."""
    random = np.random.default_rng(0)
    first = random.integers(0, 2**63, 100_000, dtype=np.uint64)
    first[:20_000] = 5
    second = first.copy()
    start = time.perf_counter()
    groups = near_groups(first, second, 6)
    assert time.perf_counter() - start < 60
    assert (groups[:20_000] == 0).all()
    assert len(np.unique(groups)) == 80_001


def test_another_size_and_jpeg_are_the_same_picture_and_other_faces_are_not():
    image = Image.fromarray(varied(3))
    stored = io.BytesIO()
    image.resize((150, 150)).save(stored, "JPEG", quality=60)
    stored_hash, other = hashes(Image.open(stored)), hashes(Image.fromarray(varied(4)))

    def apart(one: str, two: str) -> int:
        return max((a ^ b).bit_count() for a, b in zip(to_numbers(one), to_numbers(two), strict=True))

    assert apart(hashes(image), stored_hash) <= 6
    assert apart(hashes(image), other) > 6
    with pytest.raises(ValueError, match="pair of hashes"):
        to_numbers("12")


def accepted(name: str, text: str = "0" * 32, label: str = "none", sha: str = "", **fields: object) -> Photo:
    """An accepted photo with these hashes."""
    facts = {"hashes": text, **fields.pop("facts", {})}  # type: ignore[dict-item]
    return Photo(
        name, label=label, sha256=sha or name.encode().hex() * 16, facts=facts, verdict="accepted", **fields
    )  # type: ignore[arg-type]


def found(*photos: Photo) -> dict[int, int]:
    """What `Copies` makes of these photos."""
    copies = Copies(6)
    for photo in photos:
        copies.add(photo)
    return copies.find()


def test_of_several_copies_the_best_is_kept():
    small, large = accepted("a", width=10, height=10), accepted("b", width=20, height=20)
    test = accepted("c", width=5, height=5, split="test")
    chosen = accepted("d", facts={"reviewed": "accept"})
    assert found(small, large) == {0: 1}
    assert found(small, large, test) == {0: 2, 1: 2}, "a test part is not thinned out for the training part"
    assert found(small, large, test, chosen) == {0: 3, 1: 3, 2: 3}
    assert found(chosen, chosen) == {}, "what a person accepted is not rejected again"
    assert found(small, accepted("far", "f" * 32)) == {}


def test_one_pose_with_and_without_glasses_is_no_duplicate_but_one_file_with_two_labels_is_a_contradiction():
    assert found(accepted("a"), accepted("b", label="glasses")) == {}
    assert found(accepted("a", sha="ab" * 32), accepted("b", label="glasses", sha="ab" * 32)) == {0: 1, 1: 0}


def test_glasses_drawn_on_a_face_do_not_hide_that_it_is_the_same_picture():
    plain, framed = varied(5), with_glasses(varied(5))
    assert hashes(Image.fromarray(plain)) != hashes(Image.fromarray(framed))


def test_a_manifest_from_elsewhere_may_hold_malformed_hashes():
    assert found(accepted("a", "xyz"), accepted("b", 7), accepted("c", sha="no hash")) == {}  # type: ignore[arg-type]
