"""What was asked for: recipients, limits, settings, the campaign model. Timeless.

Here stand the values an operator fills in and the rules for them (R2, R3). What is so at a
moment belongs to ``_state``.
"""
