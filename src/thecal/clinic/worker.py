"""What a web server worker loads: the application, tied to the life of its server."""

from thecal.clinic.lifeline import tie_to_parent
from thecal.clinic.wsgi import application

__all__ = ["application"]

tie_to_parent()
