"""How good a recogniser is: errors in words or characters, in times and in speakers, against a reference.

Texts are normalised first (``normalise``), so that spelling does not count as hearing.
"""
