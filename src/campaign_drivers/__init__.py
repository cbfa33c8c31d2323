"""Drivers carry out the core's decisions on one kind of telephony, and report what they saw.

No rules of a campaign belong here.
"""
