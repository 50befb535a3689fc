"""`python -m tests.faults.bare`: how many slow clients the server stands with no proxy."""

import asyncio
import os
import statistics

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

from tests import live
from tests.faults import slow

STEPS = {
    "headers": [64, 200, 500, 1_000, 1_100],
    "body": [4, 7, 8, 64],
    "long body": [4, 7, 8, 64],
}


def main() -> None:
    print("| slow | clients | probes | failed | median ms | slowest ms | after it |")
    for kind, steps in STEPS.items():
        for clients in steps:
            with live.serving(ACCESS_LOG="0") as url, live.signed_up(url) as client:
                token = client.headers["Authorization"]
                dripping = slow.drip(url, kind, token=token, clients=clients, seconds=8)
                seen = asyncio.run(dripping)
                median, slowest = statistics.median(seen.probes) * 1e3, max(seen.probes) * 1e3
                after = client.get("/prompts").status_code
                print(
                    f"| {kind} | {clients} | {len(seen.probes)} | {dict(seen.failed)} "
                    f"| {median:.0f} | {slowest:.0f} | {after} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
