"""Visits, events without texts of their own, daily sums, the spool's positions."""

from datetime import UTC, timedelta

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CLIENT = ("country", "browser", "system", "screen", "language")
ARRIVAL = (
    *("hostname", "source", "channel", "referrer"),
    *("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"),
)


def upgrade() -> None:
    op.rename_table("events", "events_of_0001")
    op.create_table(
        "sites",
        sa.Column("id", sa.SmallInteger(), sa.Identity(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sites")),
        sa.UniqueConstraint("domain", name=op.f("uq_sites_domain")),
    )
    op.create_table(
        "texts",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_texts")),
        sa.UniqueConstraint("text", name=op.f("uq_texts_text")),
    )
    _combinations("clients", CLIENT)
    _combinations("arrivals", ARRIVAL)
    _visits_and_events()
    _sums()
    _take_over()


def _combinations(table: str, columns: tuple[str, ...]) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        *(sa.Column(column, sa.Integer(), nullable=True) for column in columns),
        *(
            sa.ForeignKeyConstraint([column], ["texts.id"], name=op.f(f"fk_{table}_{column}_texts"))
            for column in columns
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(
            *columns,
            name=op.f(f"uq_{table}_{'_'.join(columns)}"),
            postgresql_nulls_not_distinct=True,
        ),
    )


def _visits_and_events() -> None:
    op.create_table(
        "visits",
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("visitor", sa.BigInteger(), nullable=False),
        sa.Column("site", sa.SmallInteger(), nullable=False),
        sa.Column("bounce", sa.SmallInteger(), nullable=False),
        *(
            sa.Column(column, sa.Integer(), nullable=False)
            for column in ("seconds", "entry", "exit", "page_views", "client", "arrival")
        ),
        sa.PrimaryKeyConstraint("start", "id", name=op.f("pk_visits")),
        postgresql_partition_by="RANGE (start)",
    )
    op.create_index(op.f("ix_visits_start"), "visits", ["start"], postgresql_using="brin")
    op.execute("CREATE SEQUENCE visit_numbers INCREMENT BY 1000")
    op.create_table(
        "events",
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("visit", sa.BigInteger(), nullable=False),
        sa.Column("site", sa.SmallInteger(), nullable=False),
        sa.Column("scroll", sa.SmallInteger(), nullable=True),
        sa.Column("name", sa.Integer(), nullable=False),
        sa.Column("path", sa.Integer(), nullable=False),
        sa.Column("engaged", sa.Integer(), nullable=True),
        sa.Column("props", postgresql.JSONB(), nullable=True),
        postgresql_partition_by="RANGE (time)",
    )
    op.create_index(op.f("ix_events_time"), "events", ["time"], postgresql_using="brin")


def _sums() -> None:
    op.create_table(
        "daily",
        sa.Column("site", sa.SmallInteger(), nullable=False),
        sa.Column("dimension", sa.SmallInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        *(
            sa.Column(column, sa.Integer(), nullable=False)
            for column in ("visitors", "visits", "page_views", "bounces")
        ),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("scrolls", sa.Integer(), nullable=False),
        sa.Column("scrolled", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "dimension", "day", "value", name=op.f("pk_daily")),
    )
    op.create_table(
        "stale_days",
        sa.Column("site", sa.SmallInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("site", "day", name=op.f("pk_stale_days")),
    )
    op.create_table(
        "drops",
        sa.Column("site", sa.SmallInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site", "day", "reason", name=op.f("pk_drops")),
    )
    op.create_table(
        "positions",
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("segment", name=op.f("pk_positions")),
    )


def _take_over() -> None:
    """What 0001 kept: each event is a visit of its own, for it knew no visitors."""
    months = op.get_bind().scalars(
        sa.text("SELECT DISTINCT date_trunc('month', time, 'UTC') FROM events_of_0001")
    )
    for month in list(months):
        first = month.astimezone(UTC).date()
        last = (first + timedelta(days=31)).replace(day=1)
        for table in ("visits", "events"):
            op.execute(
                f"CREATE TABLE {table}_{first:%Y_%m} PARTITION OF {table}"
                f" FOR VALUES FROM ('{first} 00:00Z') TO ('{last} 00:00Z')"
            )
    for statement in TAKE_OVER.strip().split(";\n"):
        op.execute(statement)
    op.drop_table("events_of_0001")


TAKE_OVER = """
INSERT INTO sites (domain) SELECT DISTINCT site FROM events_of_0001;
INSERT INTO texts (text)
  SELECT path FROM events_of_0001 UNION SELECT name FROM events_of_0001
  UNION SELECT hostname FROM events_of_0001
  UNION SELECT country FROM events_of_0001 WHERE country IS NOT NULL
  UNION SELECT referrer FROM events_of_0001 WHERE referrer IS NOT NULL;
INSERT INTO clients (country)
  SELECT DISTINCT t.id FROM events_of_0001 e LEFT JOIN texts t ON t.text = e.country;
INSERT INTO arrivals (hostname, referrer)
  SELECT DISTINCT h.id, r.id FROM events_of_0001 e
  JOIN texts h ON h.text = e.hostname LEFT JOIN texts r ON r.text = e.referrer;
INSERT INTO visits
  (start, id, visitor, site, bounce, seconds, entry, exit, page_views, client, arrival)
  SELECT e.time, e.id, 0, s.id, viewed, 0, viewed * p.id, viewed * p.id, viewed, c.id, a.id
  FROM events_of_0001 e
  CROSS JOIN LATERAL (SELECT (e.name = 'pageview')::int AS viewed) v
  JOIN sites s ON s.domain = e.site
  JOIN texts p ON p.text = e.path
  JOIN texts h ON h.text = e.hostname
  LEFT JOIN texts k ON k.text = e.country
  LEFT JOIN texts r ON r.text = e.referrer
  JOIN clients c ON c.country IS NOT DISTINCT FROM k.id
  JOIN arrivals a ON a.hostname = h.id AND a.referrer IS NOT DISTINCT FROM r.id;
INSERT INTO events (time, visit, site, name, path)
  SELECT e.time, e.id, s.id, n.id, p.id FROM events_of_0001 e
  JOIN sites s ON s.domain = e.site
  JOIN texts n ON n.text = e.name
  JOIN texts p ON p.text = e.path;
SELECT setval('visit_numbers', max(id) + 1000) FROM events_of_0001;
INSERT INTO stale_days (site, day)
  SELECT DISTINCT s.id, (e.time AT TIME ZONE 'UTC')::date + apart FROM events_of_0001 e
  JOIN sites s ON s.domain = e.site
  CROSS JOIN generate_series(-1, 1) apart
"""


def downgrade() -> None:
    """Back to plain events, without what 0001 has no columns for."""
    op.rename_table("events", "events_of_0002")
    op.execute(EVENTS_OF_0001)
    op.execute(GIVE_BACK)
    for table in ("events_of_0002", "visits", "arrivals", "clients", "texts", "sites"):
        op.drop_table(table)
    for table in ("daily", "stale_days", "drops", "positions"):
        op.drop_table(table)
    op.execute("DROP SEQUENCE visit_numbers")


EVENTS_OF_0001 = """
CREATE TABLE events (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_events PRIMARY KEY,
  time timestamptz NOT NULL, site text NOT NULL, name text NOT NULL, hostname text NOT NULL,
  path text NOT NULL, referrer text, country varchar(2)
);
CREATE INDEX ix_events_site_time ON events (site, time)
"""
GIVE_BACK = """
INSERT INTO events (time, site, name, hostname, path, referrer, country)
SELECT e.time, s.domain, n.text, coalesce(h.text, s.domain), p.text, r.text, k.text
FROM events_of_0002 e
JOIN sites s ON s.id = e.site
JOIN texts n ON n.id = e.name AND n.text <> 'engagement'
JOIN texts p ON p.id = e.path
JOIN visits v ON v.id = e.visit
JOIN clients c ON c.id = v.client LEFT JOIN texts k ON k.id = c.country
JOIN arrivals a ON a.id = v.arrival
LEFT JOIN texts h ON h.id = a.hostname LEFT JOIN texts r ON r.id = a.referrer
ORDER BY e.time
"""
