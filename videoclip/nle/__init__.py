"""NLE export: a job's clips as a cut list for editing programs: EDL (CMX 3600), FCPXML, OpenTimelineIO.

The main road: ``timeline.timeline_of`` turns a manifest into whole frames; ``edl.py``, ``fcpxml.py`` and
``otio.py`` write them down. Nothing is rendered: the programs open the source itself.
"""
