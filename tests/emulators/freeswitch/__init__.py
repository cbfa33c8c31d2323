"""An emulated FreeSWITCH for tests: what a real one was seen to do, as far as a driver can tell.

Written from recordings and from the report on them, apart from the driver: strict about what a
real server refuses, and able to be slow, to die, to restart and to flood. ``switch`` is all of it
without I/O, on a time that is given; ``serving`` puts it on a socket, and ``python -m
tests.emulators.freeswitch`` into a process of its own.
"""
