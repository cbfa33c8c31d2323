"""Values without knowledge of campaigns: identifiers, instants, checks, persistent collections.

What knows a rule of the service belongs higher up.
"""
