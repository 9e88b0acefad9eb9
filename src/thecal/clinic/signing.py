"""A signature: the name and the own password of somebody who may sign, asked for at the page that is signed."""

from django.contrib.auth import authenticate
from django.forms import Form
from django.http import HttpRequest

from thecal.clinic import throttle
from thecal.clinic.access import Person, role_of
from thecal.therapy import Role


def signer(request: HttpRequest, form: Form, roles: frozenset[Role]) -> Person | None:
    """The person whose name and password stand in a valid form; None, with an error at the field, for anybody else."""
    name, address = form.cleaned_data["signer"], str(request.META.get("REMOTE_ADDR", ""))
    if throttle.blocked(name, address):
        form.add_error("password", "Too many failed attempts. Wait, then try again.")
        return None
    user = authenticate(request, username=name, password=form.cleaned_data["password"])
    if user is None:
        throttle.failed(name, address)
        form.add_error("password", "Name and password do not belong together.")
        return None
    role = role_of(user)
    if role is None or role not in roles:
        form.add_error("signer", f"Only a {' or a '.join(sorted(roles))} signs. Ask one to sign here.")
        return None
    throttle.succeeded(name)
    return Person(user.get_full_name() or user.get_username(), user.get_username(), role)
