"""Ray Serve applications: ``asr`` hosts a recogniser, ``llm`` a language model.

``config.py`` reads which models are served and with how much memory, ``resources.py`` turns that into shares of
a GPU; each application's package has a builder that `serve deploy` and `videoclip up` both call.
"""
