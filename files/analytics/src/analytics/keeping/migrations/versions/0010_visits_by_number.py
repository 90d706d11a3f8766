"""Visits are found by their number alone.

An index of `start` and number takes a third more; and since `start` has its BRIN index only, a
visit that begins earlier than was known is updated in place ("heap only").
https://www.postgresql.org/docs/17/storage-hot.html
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("pk_visits"), "visits")
    op.create_index(op.f("ix_visits_id"), "visits", ["id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_visits_id"), "visits")
    op.create_primary_key(op.f("pk_visits"), "visits", ["start", "id"])
