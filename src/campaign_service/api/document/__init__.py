"""The OpenAPI document, and what is written by hand of it."""
