"""Plain pages for what went wrong before or outside a view."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from our own page, or came after its session ended."""
    text = "The form was open for too long or did not come from this site. Open the page again and repeat the entry."
    return render(request, "403.html", {"reason": text, "detail": reason}, status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's name
    """400, for what cannot be read."""
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403, with the role that would be needed."""
    text = str(exception)
    return render(request, "403.html", {"reason": text[:1].upper() + text[1:] + "." if text else ""}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's name
    """404; says nothing of what exists."""
    return render(request, "404.html", status=404)


def failed(_request: HttpRequest) -> HttpResponse:
    """500; drawn without the frame, which may be what failed."""
    return HttpResponse(render_to_string("500.html"), status=500)
