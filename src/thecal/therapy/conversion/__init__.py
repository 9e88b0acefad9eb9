"""Conversion between routes and drugs as cited bands that a person signs; morphine equivalents to count."""
