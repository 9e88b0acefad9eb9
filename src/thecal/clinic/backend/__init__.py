"""A Django database backend on a SQLite newer than many systems have."""
