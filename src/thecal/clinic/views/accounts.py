"""Signing in and out, and changing one's password."""

from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy

from thecal.clinic.access import ANYBODY_SIGNED_IN, page, public
from thecal.clinic.forms.accounts import SignInForm

_sign_in = LoginView.as_view(
    template_name="clinic/sign_in.html", authentication_form=SignInForm, redirect_authenticated_user=True
)
_sign_out = LogoutView.as_view()
_password = PasswordChangeView.as_view(template_name="clinic/password.html", success_url=reverse_lazy("home"))


@public
def sign_in(request: HttpRequest) -> HttpResponse:
    """The way in."""
    return _finished(_sign_in(request))


@page(read=frozenset(), write=ANYBODY_SIGNED_IN)
def sign_out(request: HttpRequest) -> HttpResponse:
    """The way out."""
    return _finished(_sign_out(request))


@page(read=ANYBODY_SIGNED_IN, write=ANYBODY_SIGNED_IN)
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password."""
    return _finished(_password(request))


def _finished(response: object) -> HttpResponse:
    assert isinstance(response, HttpResponse)
    return response
