"""``campaign serve``: the process of a service, its sockets, its log and its signals."""
