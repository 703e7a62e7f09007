"""Highlights: candidate runs of sentences from a language model or the extractive ranker, then selection.

Engines answer with sentence ids only; times are derived from words here.
"""
