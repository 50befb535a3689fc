"""What the two databases spell differently."""

import json
from typing import Any

from django.db.models import Aggregate, BooleanField, CharField, F, Func, TextField


class ByCodePoint(Func):
    """A text that sorts by code point, as SQLite's do; PostgreSQL's sort as the database was made
    to."""

    template = "%(expressions)s"
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template='%(expressions)s COLLATE "C"', **context)


class HasTag(Func):
    """Whether a JSON list of tags holds that one."""

    output_field = BooleanField()

    def __init__(self, tags: str, name: str) -> None:
        super().__init__(F(tags))
        self.name = name

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        tags, params = self.as_sql(compiler, connection, template="%(expressions)s", **context)
        sql = f"EXISTS (SELECT 1 FROM json_each({tags}) WHERE value = %s)"  # noqa: S608
        return sql, [*params, self.name]

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        tags, params = self.as_sql(compiler, connection, template="%(expressions)s", **context)
        return f"({tags} @> %s::jsonb)", [*params, json.dumps([self.name])]


class Joined(Aggregate):
    """Numbers, separated by commas, in no order; None where there is none. SQLite writes 15 digits
    of them, PostgreSQL all."""

    function = "GROUP_CONCAT"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "STRING_AGG((%(expressions)s)::text, ',')"
        return self.as_sql(compiler, connection, template=template, **context)
