"""The mail inbox of the embedded run: every mail the product sent, as its reader would see it.

These addresses exist only when EMBEDDED is set: a run on one machine, whose mails go nowhere else. From that machine
they are open without signing in; from another one (HOST was set) they ask for it. A deployment does not route them.
"""

from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from ipaddress import ip_address

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from ajo.core.web.dialogs import ask, go
from ajo.core.web.paging import page_of, searched
from channels_app.models import InboxMail

MAX_ANSWER = 1_000
# Pictures and styles of the mail, links that open in a new tab; no script, no form, no other frame.
PREVIEW_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src * data:; "
    "style-src 'unsafe-inline' *; font-src *; frame-ancestors 'self'"
)


def embedded_only(view):
    """A deployment does not have the inbox, even where somebody routes it by mistake."""

    def checked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not settings.EMBEDDED:
            raise Http404
        if not is_this_machine(request) and not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return never_cache(checked)


def is_this_machine(request: HttpRequest) -> bool:
    """Does the request come from here, and not through a proxy that may stand for anybody?"""
    try:
        return (
            ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
            and "HTTP_X_FORWARDED_FOR" not in request.META
        )
    except ValueError:
        return False


@embedded_only
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The newest on top; HTMX asks again every few seconds."""
    search = searched(request)
    page = page_of(found(search), request, size=50)
    context = {"page": page, "search": search, "is_empty": not search and not page.paginator.count}
    if request.htmx:
        return render(request, "channels_app/_inbox.html", context)
    return render(request, "channels_app/inbox.html", context)


@embedded_only
@require_GET
def mail(request: HttpRequest, mail_id: int) -> HttpResponse:
    """One mail with its preview, text, headers and source."""
    kept = get_object_or_404(InboxMail, pk=mail_id)
    parsed = read(kept)
    tab = request.GET.get("tab", "html")
    context = {
        "mail": kept,
        "tab": tab if tab in ("html", "text", "headers", "source") else "html",
        "sender": str(parsed.get("From", kept.mail_from)),
        "recipient": ", ".join(kept.rcpt_to),
        "text": part(parsed, "plain"),
        "has_html": bool(part(parsed, "html")),
        "headers": [(name, str(value)) for name, value in parsed.items()],
        "source": bytes(kept.source).decode("utf-8", "replace"),
        "newer": InboxMail.objects.filter(pk__gt=kept.pk).order_by("pk").first(),
        "older": InboxMail.objects.filter(pk__lt=kept.pk).order_by("-pk").first(),
    }
    return render(request, "channels_app/inbox_mail.html", context)


@embedded_only
@require_GET
def preview(request: HttpRequest, mail_id: int) -> HttpResponse:
    """The mail's HTML alone, in a document that can do nothing but be looked at and clicked."""
    parsed = read(get_object_or_404(InboxMail, pk=mail_id))
    html = part(parsed, "html") or f"<pre style='white-space:pre-wrap'>{escape(part(parsed, 'plain'))}</pre>"
    response = HttpResponse(f'<base target="_blank">{html}')
    response["Content-Security-Policy"] = PREVIEW_POLICY
    response._csp_exempt = True  # the mail has its own policy, stricter than that of pages
    response["Referrer-Policy"] = "no-referrer"
    return response


@embedded_only
@require_GET
def as_json(request: HttpRequest) -> HttpResponse:
    """For programs: `?to=` narrows to a recipient, `?limit=` says how many; newest first."""
    limit = request.GET.get("limit", "200")
    count = min(int(limit), MAX_ANSWER) if limit.isdigit() else 200
    rows = InboxMail.objects.all()
    if to := request.GET.get("to", "").replace("\x00", "").strip():
        rows = rows.filter(rcpt_to__contains=[to]) | rows.filter(rcpt_to__contains=[to.lower()])
    return JsonResponse([described(kept) for kept in rows.order_by("-pk")[:count]], safe=False)


@embedded_only
@require_http_methods(["GET", "POST"])
def delete_all(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return ask(
            request,
            title=_("Delete all mails?"),
            text=_("Only this inbox is emptied. What was sent stays in the messages of the people."),
            button=_("Delete all"),
        )
    InboxMail.objects.all().delete()
    return go(request, reverse("inbox:list"), _("The inbox is empty."))


def found(search: str) -> QuerySet[InboxMail]:
    rows = InboxMail.objects.defer("source").order_by("-pk")
    if search:
        rows = rows.filter(Q(subject__icontains=search) | Q(rcpt_to__icontains=search))
    return rows


def read(kept: InboxMail) -> EmailMessage:
    return message_from_bytes(bytes(kept.source), policy=policy.default)


def part(parsed: EmailMessage, kind: str) -> str:
    """The text of the mail's plain or html part; empty when it has none."""
    body = parsed.get_body(preferencelist=(kind,))
    if body is None:
        return ""
    try:
        return body.get_content()
    except (LookupError, UnicodeDecodeError):  # a charset that nobody knows
        return body.get_payload(decode=True).decode("utf-8", "replace")


def described(kept: InboxMail) -> dict:
    parsed = read(kept)
    return {
        "id": kept.pk,
        "to": kept.rcpt_to[0] if kept.rcpt_to else "",
        "recipients": kept.rcpt_to,
        "from": str(parsed.get("From", kept.mail_from)),
        "subject": kept.subject,
        "html": part(parsed, "html"),
        "text": part(parsed, "plain"),
        "headers": {name: str(value) for name, value in parsed.items()},
        "received_at": kept.received_at.isoformat(),
    }
