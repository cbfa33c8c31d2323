"""What answers show, made from what the core, the journal and the users' tables tell."""
