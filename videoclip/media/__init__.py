"""Media: probe, audio extraction, cutting, captions, loudness, thumbnails, proof sheets.

Everything goes through FFmpeg as a separate, limited process (`ffmpeg.py`). Sources are hostile.

The main road: ``probe.probe`` -> ``audio.extract_audio`` -> (speech, highlights) ->
``captions.cues_for`` -> ``render.render``, which plans exact frames (`packets.py`, `compose.py`),
makes the sound (`programme.py`), encodes once (`encode.py`) and opens the file again (`proof.py`).
"""
