"""Makes FastAPI's tables and fills them with rows of JSON, from the standard input."""

import asyncio
import json
import sys
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from tests.benchmarks.peers.fastapi_app import Base, Log, Prompt, User, engine

AT_ONCE = 2_000
TABLES = {"user": User, "prompt": Prompt, "log": Log}


async def main() -> None:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    rows = (json.loads(line) for line in sys.stdin)
    while batch := list(islice(rows, AT_ONCE)):
        async with engine.begin() as connection:
            for name, table in TABLES.items():
                values = [typed(row) for of, row in batch if of == name]
                if values:
                    await connection.execute(insert(table), values)


def typed(row: dict[str, Any]) -> dict[str, Any]:
    row.pop("number", None)
    for name, value in row.items():
        if name.endswith("id"):
            row[name] = UUID(value)
        elif name.endswith("_at"):
            row[name] = datetime.fromisoformat(value)
    return row


if __name__ == "__main__":
    asyncio.run(main())
