"""What the HTTP API takes and answers, one file a resource: the gateway and the SDK share these.

What is sent refuses unknown fields; what is answered may gain fields between releases.
"""
