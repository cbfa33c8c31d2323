"""Durable events on their way to those who listen."""
