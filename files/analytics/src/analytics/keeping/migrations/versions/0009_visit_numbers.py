"""Visits' numbers in four bytes, and an index of nothing else."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("events", "visit", type_=sa.Integer())
    op.drop_constraint(op.f("pk_visits"), "visits")
    op.alter_column("visits", "id", type_=sa.Integer())
    op.create_index(op.f("ix_visits_id"), "visits", ["id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_visits_id"), "visits")
    op.alter_column("visits", "id", type_=sa.BigInteger())
    op.create_primary_key(op.f("pk_visits"), "visits", ["start", "id"])
    op.alter_column("events", "visit", type_=sa.BigInteger())
