"""The web UI as a server: Gradio's pages, our scripts, and the session of a browser."""
