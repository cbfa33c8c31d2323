"""How the tables came about: an Alembic environment without a configuration file.

A file ``versions/rNNNN_what.py`` for each change, numbered on from the one before.
"""
