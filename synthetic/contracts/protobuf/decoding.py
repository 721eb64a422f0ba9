"""Reading events by the contract alone: message classes made from the compiled schema, and what a message lacks or has too much."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from synthetic.contracts.protobuf.buf import build


class Schema:
    """The messages of a schema's folder, as any consumer would compile them."""

    def __init__(self, folder: Path) -> None:
        files = descriptor_pb2.FileDescriptorSet.FromString(build(folder))
        self._pool = descriptor_pool.DescriptorPool()
        for file in files.file:  # in the order in which they import each other
            self._pool.Add(file)

    def decode(self, message: str, content: bytes) -> Message:
        """The event, for a message's full name. Raises KeyError for an unknown one, DecodeError for bytes that are none."""
        decoded = self.message_class(message)()
        decoded.ParseFromString(content)
        return decoded

    def message_class(self, message: str) -> type[Message]:
        """The class of a message, by its full name. Raises KeyError."""
        found: type[Message] = message_factory.GetMessageClass(self._pool.FindMessageTypeByName(message))
        return found

    def values_of(self, enum: str) -> dict[str, int]:
        """The values of an enum by name. Raises KeyError."""
        return {value.name: value.number for value in self._pool.FindEnumTypeByName(enum).values}


def as_json(message: Message) -> dict[str, Any]:
    """The message in protobuf's JSON, with the names of the fields as they are in the schema."""
    said: dict[str, Any] = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return said


def encode(message: Message) -> bytes:
    """The message's bytes as protobuf's own library writes them: fields in the order of their numbers."""
    return bytes(message.SerializeToString(deterministic=True))


def unknown_fields(message: Message, path: str = "") -> list[str]:
    """Where there are fields that the schema does not know, as `path.number`."""
    own = [f"{path}{field.field_number}" for field in UnknownFieldSet(message)]
    return own + [place for part, where in _parts(message, path) for place in unknown_fields(part, where)]


def unset_fields(message: Message, path: str = "") -> list[str]:
    """Which fields are not set, as `path.name`; a field that the schema calls `optional` is set when it is sent, be it zero."""
    are_set = {field.name for field, _ in message.ListFields()}
    own = [f"{path}{field.name}" for field in message.DESCRIPTOR.fields if field.name not in are_set]
    inside = [place for part, where in _parts(message, path) for place in unset_fields(part, where)]
    return own + inside


def _parts(message: Message, path: str) -> Iterator[tuple[Message, str]]:
    """The messages inside a message. Not google.protobuf's own: a whole second has no nanoseconds."""
    for field, value in message.ListFields():
        is_ours = field.type == FieldDescriptor.TYPE_MESSAGE and not field.message_type.full_name.startswith("google.")
        if is_ours:
            for part in value if field.is_repeated else [value]:
                yield part, f"{path}{field.name}."
