"""A field of repeated rows, such as a list of medicines: each row is a small form of its own, errors at their cells.

Blank rows are left out. More rows are asked for by sending the form with the button ``more``; no script is needed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

FIRST, STEP = 3, 3
"""How many blank rows there are at first, and how many are added at a time."""


class RowsWidget(forms.Widget):
    """The rows; its raw value is one mapping of raw values for each."""

    template_name = "clinic/forms/rows.html"
    use_fieldset = True

    def __init__(self, row: type[forms.Form], title: str, most: int) -> None:
        super().__init__()
        self.row, self.title, self.most = row, title, most

    def value_from_datadict(self, data: Mapping[str, Any], _files: Any, name: str) -> list[dict[str, Any]]:
        """What was typed into each row."""
        asked = str(data.get(f"{name}-rows", ""))
        count = min(int(asked), self.most) if asked.isascii() and asked.isdigit() and len(asked) < 4 else FIRST
        widgets = {key: field.widget for key, field in self.row.base_fields.items()}
        return [
            {key: each.value_from_datadict(data, {}, f"{name}-{index}-{key}") for key, each in widgets.items()}
            for index in range(count)
        ]

    def value_omitted_from_data(self, data: Mapping[str, Any], _files: Any, name: str) -> bool:
        """Whether no row was sent at all."""
        return f"{name}-rows" not in data

    def judged(self, name: str, rows: Sequence[Mapping[str, Any]]) -> list[forms.Form]:
        """One form a row, with what was typed into it; a blank one has no errors."""
        return [
            self.row(
                {f"{name}-{index}-{key}": each for key, each in row.items() if each is not None},
                prefix=f"{name}-{index}",
                empty_permitted=True,
                use_required_attribute=False,
            )
            for index, row in enumerate(rows)
        ]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """The rows: those of a list were sent and show their errors, those of a tuple are first values."""
        if isinstance(value, list):
            rows = self.judged(name, value)
        else:
            first = [*(value or ()), *({} for _ in range(FIRST - len(value or ())))]
            rows = [
                self.row(initial=row, prefix=f"{name}-{index}", use_required_attribute=False)
                for index, row in enumerate(first)
            ]
        return {**super().get_context(name, None, attrs), "rows": rows, "title": self.title}


class RowsField(forms.Field):
    """A list of rows; cleans to the clean values of those that are not blank, without what was left open."""

    widget: RowsWidget

    def __init__(self, row: type[forms.Form], title: str, most: int, **kwargs: Any) -> None:
        super().__init__(widget=RowsWidget(row, title, most), **kwargs)
        self.most = most

    def clean(self, value: Any) -> tuple[dict[str, Any], ...]:
        """One mapping a row; raises ValidationError that names the rows to look at."""
        rows = self.widget.judged("row", value or ())
        if wrong := [str(number) for number, row in enumerate(rows, 1) if not row.is_valid()]:
            raise ValidationError(f"Look at {self.widget.title.lower()} {', '.join(wrong)}.", code="rows")
        found = tuple(
            {name: each for name, each in row.cleaned_data.items() if each not in (None, "")}
            for row in rows
            if row.has_changed()
        )
        if self.required and not found:
            raise ValidationError(self.error_messages["required"], code="required")
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether what was typed differs from the first value, blank rows aside."""
        return [row for row in initial or () if any(row.values())] != [row for row in data or () if any(row.values())]
