"""The service owns what the core may not have: the clock, the disk, the sockets, the users.

No rules of a campaign belong here either.
"""
