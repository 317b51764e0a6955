"""Length-prefixed frames: four bytes, big endian, then that many bytes of one ProtoMessage."""

from __future__ import annotations

import struct

from google.protobuf.message import DecodeError

from ingestion.connectors.ctrader.open_api_pb2 import ProtoMessage

_LENGTH = struct.Struct(">I")
# Far beyond any answer the API gives; a longer "length" is text or another protocol.
LONGEST_FRAME = 64 * 1024 * 1024


class FrameError(Exception):
    """The bytes are no frames of this protocol; the message says why and where."""


def framed(message: ProtoMessage) -> bytes:
    """One message as the bytes that go over the wire or into a file."""
    body: bytes = message.SerializeToString()
    return _LENGTH.pack(len(body)) + body


class FrameReader:
    """Puts frames together from bytes that arrive in pieces of any size.

    Attributes:
        read: bytes taken apart so far: where in a file the next frame begins.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self.read = 0

    @property
    def pending(self) -> int:
        """Bytes of a frame that is not complete yet."""
        return len(self._held)

    def feed(self, data: bytes) -> list[ProtoMessage]:
        """The messages that are complete with these bytes, in order.

        Raises:
            FrameError: a length or a message that cannot be of this protocol.
        """
        self._held += data
        messages: list[ProtoMessage] = []
        start = 0
        while len(self._held) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._held, start)
            if length > LONGEST_FRAME:
                raise FrameError(f"byte {self.read} states a frame of {length} bytes")
            end = start + _LENGTH.size + length
            if len(self._held) < end:
                break
            messages.append(self._message(bytes(self._held[start + _LENGTH.size : end])))
            self.read += end - start
            start = end
        del self._held[:start]
        return messages

    def _message(self, body: bytes) -> ProtoMessage:
        try:
            message: ProtoMessage = ProtoMessage.FromString(body)
        except DecodeError as error:
            raise FrameError(f"the frame at byte {self.read} is no ProtoMessage") from error
        if not message.HasField("payloadType"):
            raise FrameError(f"the frame at byte {self.read} has no payloadType")
        return message
