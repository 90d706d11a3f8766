"""What a token is good for: reading the numbers, or sending events."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default is what an older release makes, which knows no scope.
    op.add_column(
        "tokens", sa.Column("scope", sa.Text(), server_default=sa.text("'stats'"), nullable=False)
    )


def downgrade() -> None:
    # Without its scope a token of a server would be one that reads.
    op.execute("DELETE FROM tokens WHERE scope <> 'stats'")
    op.drop_column("tokens", "scope")
