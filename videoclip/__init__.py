"""Video-Clip, the library: media, speech, highlights, store, client and command line.

No Ray and no web framework inside; importable anywhere. The server parts (pipelines, actors,
Serve apps, web UI) live beside this package and import it, never the other way round.
"""

__version__ = "0.1.0"
