"""Signing in: names and passwords, with the throttle in front."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError

from thecal.clinic import throttle


class SignInForm(AuthenticationForm):
    """Django's form; a blocked account or address is told to wait before any password is looked at."""

    def clean(self) -> dict[str, Any]:
        """Check the throttle, then the password; note a failure."""
        account = str(self.cleaned_data.get("username", ""))
        address = str(self.request.META.get("REMOTE_ADDR", "")) if self.request else ""
        if throttle.blocked(account, address):
            minutes = int(throttle.WINDOW.total_seconds() // 60)
            raise ValidationError(
                f"Too many failed sign-ins. Wait {minutes} minutes, then try again.", code="throttled"
            )
        try:
            cleaned = super().clean()
        except ValidationError:
            throttle.failed(account, address)
            raise
        throttle.succeeded(account)
        return cleaned or {}
