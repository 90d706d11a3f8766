"""What is taken over from elsewhere: which files, and sums of days that have no events here."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("id", sa.SmallInteger(), sa.Identity(), nullable=False),
        sa.Column("site", sa.SmallInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first", sa.Date(), nullable=True),
        sa.Column("last", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
        sa.UniqueConstraint("site", "digest", name=op.f("uq_imports_site_digest")),
    )
    op.create_table(
        "imported_daily",
        sa.Column("site", sa.SmallInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("dimension", sa.SmallInteger(), nullable=False),
        sa.Column("origin", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("import", sa.SmallInteger(), nullable=False),
        *(
            sa.Column(column, sa.Integer(), nullable=False)
            for column in ("visitors", "visits", "page_views", "bounces")
        ),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("scrolls", sa.Integer(), nullable=False),
        sa.Column("scrolled", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            *("site", "day", "dimension", "origin", "value"), name=op.f("pk_imported_daily")
        ),
    )
    # It fills up what alignment left empty at a row's end, and rewrites no table.
    op.add_column(
        "visits", sa.Column("import", sa.SmallInteger(), server_default="0", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("visits", "import")
    op.drop_table("imported_daily")
    op.drop_table("imports")
