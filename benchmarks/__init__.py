"""What the core costs: in time for each call, and in memory for each recipient.

Every figure is a ratio of two things measured side by side in one run, for a bare time says more
about the machine than about the code. Here belong the measurements and what they need; what the
figures mean stands in ``docs/performance.md``.
"""
