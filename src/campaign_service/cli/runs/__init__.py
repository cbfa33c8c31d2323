"""One campaign on its own, from its file to its report: ``campaign run`` and ``check``."""
