"""Messages and plan to events and decisions: ``handle``, and the state's answers.

The only layer that wants something. Whether a command is refused, what a report means, what is
due: here; what becomes of it belongs to ``_transition``.
"""
