"""The HTTP API `/api/v1`: who may ask, what they may ask for, and how it is told."""
