"""What one user, and all together, may take at a time: memory for bodies, requests, threads."""
