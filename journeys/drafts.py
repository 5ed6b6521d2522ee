"""The one door through which a draft's graph changes: locked, checked against the revision, undoable."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from ajo.core.errors import NotFound
from ajo.core.models import Sandbox
from journeys import errors
from journeys.graph import Graph, MalformedGraph
from journeys.models import DraftEdit, JourneyVersion
from journeys.operations import Change, perform

UNDO_STEPS = 100


@dataclass(frozen=True)
class Outcome:
    """The draft after an edit, the sentence to announce, and the node to select."""

    version: JourneyVersion
    graph: Graph
    description: str
    selected: str | None = None


@transaction.atomic
def apply(version_id: int, operation: dict, *, revision: int, actor: str, sandbox: Sandbox) -> Outcome:
    """Do one edit of a draft: an operation of `journeys.operations`, or `undo` or `redo`.

    1. Lock the version; refuse what is not a draft, and a revision that is not the latest.
    2. Decide the new graph.
    3. Write it with its edit. The lock lasts until commit, so two editors cannot both pass step 1.
    """
    version = _of_revision(version_id, revision, sandbox)
    name = str(operation.get("op"))
    if step := STEPS.get(name):
        return step(version)
    if name == "paste":
        operation = operation | {"clip": _clip(operation, sandbox)}
    return _write(version, perform(Graph.from_json(version.graph), operation), name, actor)


@transaction.atomic
def replace_graph(version_id: int, graph: object, *, revision: int, actor: str, sandbox: Sandbox) -> Outcome:
    """Put a whole graph in the place of a draft's, as one edit that can be undone. Checked when published."""
    version = _of_revision(version_id, revision, sandbox)
    try:
        wanted = Graph.from_json(graph)
    except MalformedGraph as error:
        raise errors.MalformedGraph(str(error)) from error
    return _write(version, Change(wanted, _("The graph was replaced.")), "replace", actor)


def can_undo(version: JourneyVersion) -> bool:
    return version.edits.filter(is_undone=False).exists()


def can_redo(version: JourneyVersion) -> bool:
    return version.edits.filter(is_undone=True).exists()


def last_editor(version_id: int) -> str:
    """Who made the newest edit of a draft."""
    return DraftEdit.objects.filter(version_id=version_id).values_list("actor", flat=True).first() or ""


def _of_revision(version_id: int, revision: int, sandbox: Sandbox) -> JourneyVersion:
    """The draft, locked; refused when somebody has changed it since that revision."""
    version = _locked(version_id, sandbox)
    if version.status != JourneyVersion.Status.DRAFT:
        raise errors.NotADraft(status=version.status)
    if version.revision != revision:
        raise errors.StaleRevision(revision=version.revision)
    return version


def _locked(version_id: int, sandbox: Sandbox) -> JourneyVersion:
    rows = JourneyVersion.objects.select_related("journey").select_for_update(of=("self",))
    version = rows.filter(pk=version_id, journey__sandbox=sandbox).first()
    if version is None:
        raise NotFound(_("There is no such journey in this sandbox."))
    return version


def _write(version: JourneyVersion, change: Change, name: str, actor: str) -> Outcome:
    before, after = version.graph, change.graph.to_json()
    if after == before:
        return Outcome(version, change.graph, "", change.selected)
    version.edits.filter(is_undone=True).delete()  # a new edit forgets what could be redone
    version.graph, version.revision = after, version.revision + 1
    version.save(update_fields=["graph", "revision", "updated_at"])
    version.edits.create(
        revision=version.revision,
        operation=name[:32],
        description=change.description[:255],
        before=before,
        after=after,
        actor=actor[:160],
    )
    _forget_old(version)
    return Outcome(version, change.graph, change.description, change.selected)


def _undo(version: JourneyVersion) -> Outcome:
    edit = version.edits.filter(is_undone=False).order_by("-id").first()
    if edit is None:
        raise errors.BadOperation(_("There is nothing to undo."))
    return _step(version, edit, edit.before, _("Undone: %(edit)s") % {"edit": edit.description})


def _redo(version: JourneyVersion) -> Outcome:
    edit = version.edits.filter(is_undone=True).order_by("id").first()
    if edit is None:
        raise errors.BadOperation(_("There is nothing to redo."))
    return _step(version, edit, edit.after, _("Done again: %(edit)s") % {"edit": edit.description})


STEPS = {"undo": _undo, "redo": _redo}


def _step(version: JourneyVersion, edit: DraftEdit, graph: dict, description: str) -> Outcome:
    edit.is_undone = not edit.is_undone
    edit.save(update_fields=["is_undone"])
    version.graph, version.revision = graph, version.revision + 1
    version.save(update_fields=["graph", "revision", "updated_at"])
    return Outcome(version, Graph.from_json(graph), description)


def _clip(operation: dict, sandbox: Sandbox) -> dict:
    """The copied node, as it is in its version now; that may be of another journey of the sandbox."""
    source = JourneyVersion.objects.filter(
        pk=operation.get("from_version") or 0, journey__sandbox=sandbox
    ).first()
    node = Graph.from_json(source.graph).nodes.get(str(operation.get("from_node"))) if source else None
    if node is None:
        raise errors.BadOperation(_("What was copied is not there any more."))
    return {"kind": node.kind, "label": node.label, "params": node.params}


def _forget_old(version: JourneyVersion) -> None:
    newest = version.edits.aggregate(newest=Max("revision"))["newest"] or 0
    version.edits.filter(revision__lte=newest - UNDO_STEPS).delete()
