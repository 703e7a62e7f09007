"""A release that is newer than this one, for tests: `python -m tests.support.next_release gateway|dispatch ...`.

It is this one with one more migration, which adds a table and a column as every migration may.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic.config import Config

from videoclip.store import database, migrations
from videoclip.store.models import HEAD

__all__ = ["NEXT_HEAD"]

NEXT_HEAD = "made_up"
_MIGRATION = f'''
"""Made up."""
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = {NEXT_HEAD!r}, {HEAD!r}, None, None

def upgrade():
    op.create_table("made_up", sa.Column("id", sa.String(36), primary_key=True))
    for table in ("job", "unit", "upload", "job_event"):
        op.add_column(table, sa.Column("made_up", sa.Integer(), server_default="7", nullable=False))
'''


def main() -> int:
    """Run a command of that release."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "made_up.py").write_text(_MIGRATION)
        here = migrations._config

        def config() -> Config:
            made = here()
            own = Path(migrations.__file__).with_name("versions")
            made.set_main_option("path_separator", "newline")
            made.set_main_option("version_locations", f"{own}\n{folder}")
            return made

        migrations._config = config
        database.HEAD = NEXT_HEAD
        if sys.argv[1] == "dispatch":
            from actors import dispatcher

            return dispatcher.main()
        from videoclip.cli.main import main as command

        return command(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
