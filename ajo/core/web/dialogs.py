"""Asking before something is done, and going on afterwards: with HTMX and without script alike."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render


def ask(
    request: HttpRequest, *, title: str, text: str, button: str, points: list[str] = (), danger: bool = True
) -> HttpResponse:
    """A dialog whose button posts to the address that was asked."""
    context = {
        "title": title,
        "text": text,
        "points": points,
        "button": button,
        "danger": danger,
        "action": request.get_full_path(),
    }
    return render(request, "ui/_confirm.html" if request.htmx else "ui/confirm.html", context)


def go(
    request: HttpRequest, address: str, message: str = "", *, level: int = messages.SUCCESS
) -> HttpResponse:
    """On to an address, and say there what was done."""
    if message:
        messages.add_message(request, level, message)
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)
