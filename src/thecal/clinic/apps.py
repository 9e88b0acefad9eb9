"""The clinic as a Django app."""

from django.apps import AppConfig


class ClinicConfig(AppConfig):
    """Name and label of the app."""

    name = "thecal.clinic"
    label = "clinic"
    verbose_name = "Thecal clinic"
