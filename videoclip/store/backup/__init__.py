"""Backup and restore of everything: rows in a form that every database takes, and objects with their digests."""

from videoclip.store.backup.restore import Restored, restore
from videoclip.store.backup.seal import Seal, Unseal
from videoclip.store.backup.series import newest_in, next_in, thin
from videoclip.store.backup.write import BackedUp, backup

__all__ = [
    "BackedUp",
    "Restored",
    "Seal",
    "Unseal",
    "backup",
    "newest_in",
    "next_in",
    "restore",
    "thin",
]
