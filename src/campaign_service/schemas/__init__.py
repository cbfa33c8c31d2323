"""The schemas of requests and answers: what a body may hold, and what the OpenAPI document says.

A member that an answer gets later has a default: an older service does not send it.
"""
