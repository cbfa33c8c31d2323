"""Event and state to state: the tables of R4.3, R5 and R7, and ``evolve`` over them.

What an event changes belongs here; whether it happens is decided above, in ``_decision``.
"""
