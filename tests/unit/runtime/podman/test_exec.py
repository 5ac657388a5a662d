"""Frames of output."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from podkit.runtime.podman.exec import Frames


def frame(stream: int, data: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


@given(
    frames=st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=50))),
    cuts=st.lists(st.integers(min_value=1, max_value=40)),
)
def test_frames_are_put_together_from_pieces_of_any_size(frames: list[tuple[int, bytes]], cuts: list[int]) -> None:
    stream = b"".join(frame(*each) for each in frames)
    reader = Frames()
    found = []
    for cut in cuts:
        piece, stream = stream[:cut], stream[cut:]
        found += list(reader.feed(piece))
    found += list(reader.feed(stream))
    assert found == frames


def test_a_frame_that_was_cut_off_is_not_told() -> None:
    assert list(Frames().feed(frame(1, b"abc")[:-1])) == []
