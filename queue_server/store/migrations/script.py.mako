"""${message}

Revision: ${up_revision}, after ${down_revision}
"""

from alembic import op
import sqlalchemy as sa

from queue_server.store.tables import Moment

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
