"""What drivers of a telephony server share, whatever its protocol.

Here are the settings that each has, one connection's limits, what is known of a call and what the
facts together mean, and taking calls over. A driver adds its protocol and its tables: see
docs/drivers.md. No word of any one server belongs here.
"""
