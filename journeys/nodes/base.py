"""What a node type is: one class with three readers.

- `Params`, a Django form: the canvas panel draws it, the API and publishing check with it.
- `outlets(params)`: the ways out that the canvas offers, in order.
- `run(params, visits, now)`: what happens to everybody who is at such a node in this batch; yields moves.

A node decides; the executor alone writes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from django import forms

from ajo.core.models import Sandbox
from ajo.core.registry import Registry

ERROR = "error"  # the outlet for those who cannot go on


@dataclass(frozen=True)
class Outlet:
    """A named way out of a node. `label` is the pill on the edge; empty for the only way out."""

    name: str
    label: str = ""


@dataclass(frozen=True)
class PaletteItem:
    """What can be dragged onto the canvas: a node type, possibly with settings and a label of its own."""

    label: str
    params: dict = field(default_factory=dict)
    node_label: str = ""
    help: str = ""


@dataclass(slots=True)
class Visit:
    """An instance at a node.

    `has_event`: the event this node waits for has come. `snapshot` is what expressions read: a mapping whose parts
    are fetched for the whole batch on first use.
    """

    instance_id: int
    profile_id: int
    node_id: str
    visit: int
    arrived_at: datetime
    entered_at: datetime
    snapshot: dict
    has_event: bool = False


@dataclass(slots=True)
class MessageDraft:
    """A message that a node wants to go out. Personalization may read the profile and the events on the way."""

    content_id: int
    message_type: str


@dataclass(slots=True)
class Move:
    """What happens to one visit. Exactly one of these:

    - `outlet`: leave by this way out (`message`: and send this);
    - `again_at` and/or `wait_for`: stay; look again at that time, or when an event of that definition comes;
    - `ends`: the instance ends here, with `code` as its reason;
    - `error`: the instance leaves by the outlet "error" when one is drawn, else it fails with this code.
    """

    instance_id: int
    outlet: str | None = None
    again_at: datetime | None = None
    wait_for: int | None = None
    message: MessageDraft | None = None
    ends: bool = False
    error: str | None = None
    code: str | None = None
    status: str = "transitions"
    detail: dict | None = None


class NodeForm(forms.Form):
    """Base of every node's form. `sandbox` limits what pickers offer; it is None in pure checks.

    `shown_when`: {"field": ("other field", value)}; the panel shows the field only while the other has it.
    `halves`: fields that share a line with their neighbour.
    """

    shown_when: ClassVar[dict[str, tuple[str, object]]] = {}
    halves: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args, sandbox: Sandbox | None = None, **kwargs) -> None:
        self.sandbox = sandbox
        super().__init__(*args, **kwargs)
        self.limit_choices()

    def limit_choices(self) -> None:
        """Hook: fill pickers from the sandbox."""


class ErrorPathForm(NodeForm):
    """Base of forms whose node may fail for somebody: offers a path for them. Without it they leave as failed."""

    error_path = forms.BooleanField(
        required=False,
        label="Add an alternative path in case of an error",
        help_text="Without it, whoever cannot go on here leaves the journey as failed.",
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields([name for name in self.fields if name != "error_path"])


def with_error_path(outlets: list["Outlet"], params: dict) -> list["Outlet"]:
    """The outlets, and the one for errors where the params ask for it."""
    return [*outlets, Outlet(ERROR, "Error")] if params.get("error_path") else outlets


class NodeType:
    """Base of every node type."""

    kind: ClassVar[str]
    label: ClassVar[str]
    category: ClassVar[str]  # events, orchestration, actions
    icon: ClassVar[str]  # a Lucide icon's name
    help: ClassVar[str] = ""
    can_start: ClassVar[bool] = False  # may be the first node
    can_be_parallel: ClassVar[bool] = False  # may stand beside others after one outlet
    is_end: ClassVar[bool] = False

    class Params(NodeForm):
        """No settings."""

    @classmethod
    def palette(cls, sandbox: Sandbox) -> list[PaletteItem]:
        """The items of this type that the canvas's palette offers in a sandbox."""
        return [PaletteItem(cls.label, help=cls.help)]

    @classmethod
    def outlets(cls, params: dict) -> list[Outlet]:
        """The ways out for these (possibly unfinished) params."""
        return [Outlet("next")]

    @classmethod
    def describe(cls, params: dict) -> str:
        """The sentence under the label on the canvas, for possibly unfinished params."""
        return ""

    @classmethod
    def freeze(cls, params: dict, *, sandbox: Sandbox, label: str) -> dict:
        """At publishing: make what must not change afterwards, answer the params that the published plan keeps."""
        return params

    @classmethod
    def prepare(cls, params: dict) -> object:
        """Once per version and process: whatever `run` wants as its params (compiled expressions and the like)."""
        return params

    @classmethod
    def run(cls, params: object, visits: Sequence[Visit], now: datetime) -> Iterable[Move]:
        """Decide for all visits at this node; one move for each visit."""
        raise NotImplementedError

    @classmethod
    def clean(cls, params: dict, sandbox: Sandbox | None = None) -> tuple[dict, dict[str, list[str]]]:
        """The full check of publishing: (cleaned params, errors by field)."""
        form = cls.Params(data=params, sandbox=sandbox)
        form.is_valid()
        return form.cleaned_data, {name: [str(e) for e in errors] for name, errors in form.errors.items()}


node_types: Registry[type[NodeType]] = Registry("node type", "journeys.nodes")
