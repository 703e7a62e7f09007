"""Speech: shard planning, recognisers behind one protocol, merging, transcripts and subtitles.

Audio is 16 kHz mono signed 16-bit PCM; offsets are sample numbers, results integer milliseconds.
"""
