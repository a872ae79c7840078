"""Alembic's scripts: the history of the tables."""
