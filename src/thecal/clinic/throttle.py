"""Guessing passwords is slowed down: after a few failures an account, and an address, must wait."""

from datetime import timedelta

from django.utils import timezone

from thecal.clinic.models import SignInAttempt

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 5
PER_ADDRESS = 20


def blocked(account: str, address: str) -> bool:
    """True when ``account`` or ``address`` has failed too often within the window."""
    recent = SignInAttempt.objects.filter(at__gte=timezone.now() - WINDOW)
    return (
        recent.filter(account=_key(account)).count() >= PER_ACCOUNT
        or recent.filter(address=address).count() >= PER_ADDRESS
    )


def failed(account: str, address: str) -> None:
    """Note a failure, and forget those that no longer count."""
    SignInAttempt.objects.filter(at__lt=timezone.now() - WINDOW).delete()
    SignInAttempt.objects.create(account=_key(account), address=address)


def succeeded(account: str) -> None:
    """A right password clears the account's failures; those of the address stay."""
    SignInAttempt.objects.filter(account=_key(account)).delete()


def _key(account: str) -> str:
    return account.strip().casefold()[:64]
