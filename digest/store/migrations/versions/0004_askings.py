"""What people ask for on pages, and what limits are counted by."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("subscriber", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("subscriber", sa.Column("asked_from", sa.Text(), nullable=True))
    op.add_column("subscriber", sa.Column("replaces", sa.Integer(), nullable=True))
    op.create_table(
        "asking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("profile", sa.JSON(), nullable=False),
        sa.Column("person", sa.Integer(), nullable=True),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("what IN ('join', 'link', 'move')", name=op.f("ck_asking_what")),
        sa.ForeignKeyConstraint(["person"], ["subscriber.id"], name=op.f("fk_asking_person"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asking")),
        sa.UniqueConstraint("what", "email", name=op.f("uq_asking_what_email")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_asking_look_at"), "asking", ["look_at"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index(op.f("ix_attempt_at"), "attempt", ["at"], unique=False)
    op.create_index(op.f("ix_attempt_key_at"), "attempt", ["key", "at"], unique=False)
