"""The Python SDK. It needs pydantic and httpx only: no torch, no Ray, no Gradio.

from videoclip.client import open_output

output = open_output("demo-out")
for clip in output.clips:
print(clip.title, output.path(clip.file))
"""

from videoclip.client.output import Output, open_output
from videoclip.errors import VideoClipError
from videoclip.schemas import Candidate, Clip, Manifest, Post, Sentence, Transcript, Word

__all__ = [
    "Candidate",
    "Clip",
    "Manifest",
    "Output",
    "Post",
    "Sentence",
    "Transcript",
    "VideoClipError",
    "Word",
    "open_output",
]
