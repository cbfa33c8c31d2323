"""The schemas of requests and answers: what a body may hold, and what the OpenAPI document says."""
