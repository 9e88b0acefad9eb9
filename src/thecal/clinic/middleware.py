"""Headers on every answer, no view without a declared access, and a plain page for a refusal that no form caught."""

from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from thecal.quantity import Refused

Answer = Callable[[HttpRequest], HttpResponseBase]


class SecureHeaders:
    """No caching of patient data, and no powers for the page that it does not use."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, with the headers added."""
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), usb=()")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class DeclaredAccess:
    """A view that does not say who may open it is not run at all."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer as the view does."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], _args: object, _kwargs: object
    ) -> None:
        """Raise ImproperlyConfigured for a view without ``@page`` or ``@public``."""
        if not hasattr(view, "access"):
            raise ImproperlyConfigured(f"the view of {request.path} does not declare who may open it")


class PlainRefusals:
    """A ``Refused`` that reaches the edge of a view becomes a page that names its reasons."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer as the view does."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Show the reasons with status 422; any other exception is left to Django."""
        if not isinstance(exception, Refused):
            return None
        return render(request, "clinic/refused.html", {"refusals": exception.refusals}, status=422)
