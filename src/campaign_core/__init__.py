"""Scheduling of call campaigns as pure functions over immutable state."""
