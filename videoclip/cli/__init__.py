"""The `videoclip` command."""
