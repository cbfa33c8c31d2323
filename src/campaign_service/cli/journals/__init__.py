"""Journals, read and written out by whoever has them: no running service is asked."""
