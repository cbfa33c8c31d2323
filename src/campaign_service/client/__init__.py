"""A client of the HTTP API, for programs and for the commands of this package.

Speaks to a running service and knows none of its insides: no state, no database, no rules.
"""
