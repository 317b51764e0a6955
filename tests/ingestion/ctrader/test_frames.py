"""Frames: whatever pieces the bytes arrive in, the same messages come out."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.connectors.ctrader import open_api_pb2 as api
from ingestion.connectors.ctrader.frames import LONGEST_FRAME, FrameError, FrameReader, framed

pytestmark = pytest.mark.unit

MESSAGES = st.lists(
    st.builds(
        api.ProtoMessage,
        payloadType=st.integers(0, 2**32 - 1),
        payload=st.binary(max_size=300),
        clientMsgId=st.one_of(st.none(), st.text(max_size=8)),
    ),
    max_size=8,
)


def pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    """The stream cut at these places."""
    places = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    return [stream[a:b] for a, b in pairwise(places)]


@given(MESSAGES, st.lists(st.integers(0, 3_000), max_size=20))
def test_any_split_of_the_bytes_gives_the_same_messages(
    messages: list[api.ProtoMessage], cuts: list[int]
) -> None:
    stream = b"".join(framed(message) for message in messages)
    reader = FrameReader()
    found = [message for piece in pieces(stream, cuts) for message in reader.feed(piece)]
    assert found == messages
    assert (reader.pending, reader.read) == (0, len(stream))


@given(MESSAGES.filter(bool), st.data())
def test_a_cut_stream_gives_the_whole_messages_and_says_where_the_rest_begins(
    messages: list[api.ProtoMessage], data: st.DataObject
) -> None:
    frames = [framed(message) for message in messages]
    stream = b"".join(frames)
    end = data.draw(st.integers(0, len(stream) - 1))
    reader = FrameReader()
    found = [message for byte in stream[:end] for message in reader.feed(bytes([byte]))]
    assert found == messages[: len(found)]
    assert reader.read == sum(len(frame) for frame in frames[: len(found)])
    assert reader.pending == end - reader.read


@given(st.binary(min_size=4, max_size=200))
def test_bytes_of_another_kind_give_an_error_or_nothing(noise: bytes) -> None:
    reader = FrameReader()
    with suppress(FrameError):
        assert all(message.HasField("payloadType") for message in reader.feed(noise))


def test_a_length_that_no_message_has_is_refused_at_once() -> None:
    with pytest.raises(FrameError, match="byte 0 states a frame of"):
        FrameReader().feed((LONGEST_FRAME + 1).to_bytes(4, "big"))
    # What a web server answers on the wrong port.
    with pytest.raises(FrameError, match="byte 0 states a frame of 1213486160 bytes"):
        FrameReader().feed(b"HTTP/1.1 400 Bad Request\r\n")


def test_a_frame_without_payload_type_is_refused() -> None:
    with pytest.raises(FrameError, match="the frame at byte 0 has no payloadType"):
        FrameReader().feed(framed(api.ProtoMessage(payload=b"x")))
