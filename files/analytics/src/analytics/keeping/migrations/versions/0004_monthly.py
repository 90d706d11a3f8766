"""Sums of whole months."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "monthly",
        sa.Column("site", sa.SmallInteger(), nullable=False),
        sa.Column("dimension", sa.SmallInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        *(
            sa.Column(column, sa.Integer(), nullable=False)
            for column in ("visitors", "visits", "page_views", "bounces")
        ),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("scrolls", sa.Integer(), nullable=False),
        sa.Column("scrolled", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "dimension", "month", "value", name=op.f("pk_monthly")),
    )


def downgrade() -> None:
    op.drop_table("monthly")
