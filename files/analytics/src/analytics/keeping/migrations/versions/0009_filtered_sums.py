"""Sums of the visits that pass filters."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "filtered_sums",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("site", sa.SmallInteger(), nullable=False),
        sa.Column("filters", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("dimension", ARRAY(sa.SmallInteger()), nullable=True),
        *(
            sa.Column(column, ARRAY(sa.Integer()), nullable=True)
            for column in ("value", "visitors", "visits", "page_views", "bounces")
        ),
        sa.Column("seconds", ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("scrolls", ARRAY(sa.Integer()), nullable=True),
        sa.Column("scrolled", ARRAY(sa.BigInteger()), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filtered_sums")),
        sa.UniqueConstraint(
            *("site", "filters", "kind", "first", "last"),
            name=op.f("uq_filtered_sums_site_filters_kind_first_last"),
        ),
    )
    op.create_index(op.f("ix_filtered_sums_site_last"), "filtered_sums", ["site", "last"])


def downgrade() -> None:
    op.drop_table("filtered_sums")
