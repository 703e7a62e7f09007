# Made from ../_async/__init__.py by `make docs`; do not edit.
"""The client without `async`, made from the other one by `make docs`."""
