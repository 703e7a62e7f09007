"""Media: probe, audio extraction, cutting, captions, loudness, thumbnails, proof sheets.

Everything goes through FFmpeg as a separate, limited process (`ffmpeg.py`). Sources are hostile.
"""
