"""The web UI: pages, their scripts and texts. What it shows comes from the public API, and from nowhere else.

Gradio carries the pages; the body of each is a custom element of our own (`static/`), which needs no build step.
"""
