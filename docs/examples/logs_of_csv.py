"""Writes the rows of a CSV file as the body of `POST /logs/batch`.

    python3 logs_of_csv.py "$PROMPT" summaries.csv --model NAME

The column `text` is the variable of that name; the others are fields of a log. Needs Python alone.
"""

import argparse
import csv
import json
import sys
from typing import Any


def log(prompt: str, model: str, row: dict[str, str]) -> dict[str, Any]:
    numbers = ("version", "score", "latencyMs", "inputTokens", "outputTokens")
    return {
        "promptId": prompt,
        "modelUsed": model,
        "output": f"A summary of: {row['text']}",
        "variables": {"text": row["text"]},
        "externalId": f"{prompt}, {row['text']}, v{row['version']}",  # so that it is kept once
        "costUsd": row["costUsd"],  # as text, to the last digit
        **{name: json.loads(row[name]) for name in numbers},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("prompt")
    parser.add_argument("csv")
    parser.add_argument("--model", required=True)
    asked = parser.parse_args()
    with open(asked.csv, encoding="utf-8-sig", newline="") as file:
        logs = [log(asked.prompt, asked.model, row) for row in csv.DictReader(file)]
    json.dump({"logs": logs}, sys.stdout)


if __name__ == "__main__":
    main()
