"""``campaign user``: users of a service, administered on the machine that has the database."""
