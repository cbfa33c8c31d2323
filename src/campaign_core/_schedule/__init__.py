"""State and time to the calls to place: who, in which order, how many (R6).

Everything that answers "whose turn is it" belongs here, and only that.
"""
