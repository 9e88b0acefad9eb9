"""Who may see and who may change: declared on each view, checked in one place.

A view without ``@page`` cannot be reached: the URL test fails, and so does every request to it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, cast

from django.contrib.auth.models import AbstractBaseUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from thecal.therapy import Role

STAFF: frozenset[Role] = frozenset({"nurse", "prescriber", "pharmacist", "auditor"})
CARERS: frozenset[Role] = frozenset({"nurse", "prescriber"})
PRESCRIBERS: frozenset[Role] = frozenset({"prescriber"})
PHARMACISTS: frozenset[Role] = frozenset({"pharmacist"})
ANYBODY_SIGNED_IN: frozenset[Role] = STAFF | {"patient"}
NOBODY: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Access:
    """The roles that may read (GET) and write (POST) a page; ``public`` pages need no account."""

    read: frozenset[Role]
    write: frozenset[Role]
    public: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """The signed-in user as the chart knows a person: a name to write down, and a role."""

    name: str
    username: str
    role: Role


def person(request: HttpRequest) -> Person:
    """Who is asking. Raises PermissionDenied for a user without a role."""
    user = request.user
    profile = getattr(user, "profile", None)
    if not isinstance(user, User) or profile is None:
        raise PermissionDenied("this account has no role")
    return Person(user.get_full_name() or user.get_username(), user.get_username(), cast(Role, profile.role))


def role_of(user: AbstractBaseUser | object) -> Role | None:
    """The role of a signed-in user, or None."""
    profile = getattr(user, "profile", None)
    return cast(Role, profile.role) if profile is not None else None


def page[**P](
    read: frozenset[Role], write: frozenset[Role] = NOBODY
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]
]:
    """Guard a view: GET and HEAD for ``read``, POST for ``write``, nothing else."""
    access = Access(read, write)

    def guard(
        view: Callable[Concatenate[HttpRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if request.method not in ("GET", "HEAD", "POST"):
                return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
            needed = access.write if request.method == "POST" else access.read
            if request.method == "POST" and not access.write:
                return HttpResponseNotAllowed(["GET", "HEAD"])
            if request.method != "POST" and not access.read:
                return HttpResponseNotAllowed(["POST"])
            if role_of(request.user) not in needed:
                raise PermissionDenied(f"this needs the role {' or '.join(sorted(needed))}")
            return view(request, *args, **kwargs)

        guarded.access = access  # type: ignore[attr-defined]
        return cast(Callable[Concatenate[HttpRequest, P], HttpResponse], guarded)

    return guard


def public[**P](
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Mark a view that answers without an account: sign-in and the diary behind its secret link."""
    view.access = Access(NOBODY, NOBODY, public=True)  # type: ignore[attr-defined]
    return view
