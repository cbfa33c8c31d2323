"""Durable events on their way to those who listen, and what changed by them to screens."""
