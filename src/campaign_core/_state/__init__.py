"""What is so now: recipients, calls, campaigns, the service. Immutable to whoever holds a state.

Facts and an index over them: who stands where in which line. The index follows from the facts and
takes no part in equality. What changes a fact belongs to ``_transition``.
"""
