"""Smart cutting: whole GOPs copied bit by bit, the frames at the edges encoded anew, the result verified.

``cut`` leads; ``grab`` takes packets, ``plan`` decides, ``edges`` encodes, ``build`` joins, ``check``
verifies. ``mp4_read``, ``mp4_write`` and ``nal`` know the formats.
"""
