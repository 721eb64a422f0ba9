"""Exchanges of an operation: an HTTP request, or opening, sending, receiving and closing on a WebSocket."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Discriminator, Field, StrictBool, StrictInt, Tag

from synthetic.config.fields import AnyText, Cel, Duration, Identifier, Shorthand, Statuses, Tree, one_of
from synthetic.config.fields import Template as TemplateText
from synthetic.config.located import Text
from synthetic.config.positions import Node
from synthetic.core.signing import METHODS


class SaveModel(Node):
    """A value taken from an answer: an expression, or `{value, secret: true}`."""

    noun: ClassVar[str] = "a value"
    value: Cel = Field(description="The expression that takes it from the answer.")
    secret: StrictBool = Field(default=False, description="Mask it in every report and log.")


class RefusalModel(Node):
    """An answer that means: no, and nothing happened."""

    noun: ClassVar[str] = "a rule of refusal"
    when: Cel = Field(description="When an answer means that.")
    code: Cel = Field(description="The expression of its code, such as `body.error`.")


class BasicModel(Node):
    """HTTP basic authentication."""

    noun: ClassVar[str] = "basic"
    username: TemplateText = Field(description="The user's name.")
    password: TemplateText = Field(description="The password, usually `${{ secret['name'] }}`.")


class SignModel(Node):
    """A signature over the exact bytes of the body."""

    noun: ClassVar[str] = "sign"
    method: Annotated[Text, one_of(*METHODS)] = Field(description="How it is made.")
    key: TemplateText = Field(description="The key, usually `${{ secret['name'] }}`.")
    header: TemplateText = Field(description="The header that carries it.")


Saves = dict[Identifier, Annotated[SaveModel, Shorthand("value")]]
IsMoney = Annotated[
    StrictBool, Field(description="This one moves the operation's money; needed where several exchanges could.")
]


class HttpModel(Node):
    """One HTTP request and how to read its answer."""

    noun: ClassVar[str] = "an HTTP exchange"
    http: TemplateText = Field(description="`METHOD /path` below `base`, or `METHOD https://...`, with holes.")
    query: dict[AnyText, Tree] = Field(default_factory=dict, description="Query parameters; they are encoded.")
    headers: dict[AnyText, TemplateText] = Field(default_factory=dict, description="Headers, beside the default ones.")
    json_: Tree = Field(None, alias="json", description="A JSON body; a scalar that is one whole hole keeps its type.")
    form: dict[AnyText, Tree] | None = Field(None, description="A form-encoded body.")
    raw: TemplateText | None = Field(None, description="A body as it stands.")
    basic: BasicModel | None = Field(None, description="HTTP basic authentication.")
    bearer: TemplateText | None = Field(None, description="The token of `Authorization: Bearer`.")
    sign: SignModel | None = Field(None, description="A signature over the exact bytes of the body.")
    ok: Statuses | None = Field(
        None, description="When the answer means done: an expression, a status or a list of statuses (any 2xx)."
    )
    refused: list[RefusalModel] = Field(default_factory=list, description="Answers that mean: no, nothing happened.")
    save: Saves = Field(default_factory=dict, description="Values kept for later operations as `session.<name>`.")
    timeout: Duration | None = Field(None, description="How long to wait for the answer (10s).")
    redirects: Annotated[StrictInt, Field(ge=0, le=10)] = Field(0, description="How many redirects to follow.")
    money: IsMoney = False


class OpenModel(Node):
    """Open a WebSocket."""

    noun: ClassVar[str] = "opening a connection"
    open: Identifier = Field(description="The name of the connection, one of `connections`.")
    timeout: Duration | None = Field(None, description="How long opening may take (10s).")


class SendModel(Node):
    """Send one frame."""

    noun: ClassVar[str] = "sending a frame"
    send: Identifier = Field(description="The connection.")
    json_: Tree = Field(None, alias="json", description="The frame: JSON with holes.")
    raw: TemplateText | None = Field(
        None, description="The frame as a text that stands as it is, such as a broken one."
    )
    money: IsMoney = False


class ReceiveModel(Node):
    """Wait for a frame."""

    noun: ClassVar[str] = "receiving a frame"
    receive: Identifier = Field(description="The connection.")
    when: Cel = Field(description="Which frame is meant (`frame.*`); others are kept for later waits.")
    within: Duration | None = Field(None, description="How long to wait (10s).")
    refused: list[RefusalModel] = Field(
        default_factory=list, description="Frames, or a `close_code`, that mean: no, and nothing happened."
    )
    save: Saves = Field(default_factory=dict, description="Values kept for later operations as `session.<name>`.")


class CloseModel(Node):
    """Close a WebSocket."""

    noun: ClassVar[str] = "closing a connection"
    close: Identifier = Field(description="The connection.")


FORMS: dict[str, type[Node]] = {
    "http": HttpModel,
    "open": OpenModel,
    "send": SendModel,
    "receive": ReceiveModel,
    "close": CloseModel,
}
"""The key that tells what an exchange is, and its model."""


def _form_of(value: Any) -> str | None:
    form = next((form for form in FORMS if isinstance(value, dict) and form in value), None)
    return form and f"{form} exchange"


ExchangeModel = Annotated[
    Annotated[HttpModel, Tag("http exchange")]
    | Annotated[OpenModel, Tag("open exchange")]
    | Annotated[SendModel, Tag("send exchange")]
    | Annotated[ReceiveModel, Tag("receive exchange")]
    | Annotated[CloseModel, Tag("close exchange")],
    Discriminator(
        _form_of,
        custom_error_type="wrong",
        custom_error_message="an exchange needs one of http, open, send, receive, close",
    ),
]
