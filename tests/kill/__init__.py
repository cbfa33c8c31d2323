"""The service killed at random instants, and held to what the telephony's own record says of it.

``kill_loop`` starts, commands, kills and starts again; ``record`` reads what the telephony wrote;
``laws`` compares that with the journal and with what was acknowledged.
"""
