"""Problem details (RFC 9457): the API's own errors, kinds of problems, which error is which."""
