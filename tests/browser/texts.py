"""What is in the library that the pages show: texts as people write them."""

from typing import NamedTuple


class Draft(NamedTuple):
    title: str
    content: str
    model: str
    tags: list[str]


class Edit(NamedTuple):
    message: str
    changes: dict[str, object]


FIRST = """\
You are a support agent of a parcel service. Answer the customer below.

Customer: {{ message }}
"""
SECOND = """\
You are a support agent of a parcel service. Answer the customer below in {{ language | English }}.
Be brief and polite.

Customer: {{ message }}
"""
THIRD = """\
You are a support agent of a parcel service. Answer the customer below in {{ language | English }}.

Rules:
- Say first where the parcel is, then when it will arrive.
- At most 120 words.
- Promise no refund; offer to open a claim.

Parcel: {{ tracking }}
Customer: {{ message }}
"""
FOURTH = """\
You are a support agent of a parcel service. Answer the customer below in {{ language | English }}.

Rules:
- Say first where the parcel is, then when it will arrive.
- At most 80 words, no list.
- Promise no refund; offer to open a claim and name the form.
- Apologise once.

Parcel: {{ tracking }}
Customer: {{ message }}
"""

# The prompt that has everything: versions, labels and outputs.
PARCEL = Draft("Reply about a late parcel", FIRST, "gpt-4o", ["support", "e-mail"])
EDITS = [
    Edit("Answer in the customer's language", {"content": SECOND}),
    Edit(
        "Rules, after the complaints of October",
        {"content": THIRD, "tags": ["support", "e-mail", "parcels"]},
    ),
    Edit("Shorter; one apology is enough", {"content": FOURTH}),
    Edit("", {"title": "Reply to a late parcel", "model": "claude-sonnet-4"}),
]

LONG = "\n\n".join(
    f"{number}. Read section {number} of the contract. List each obligation with who owes it, to "
    "whom, by when, and what follows if it is not met. Quote the words that say so; where the "
    "contract is silent, write “not said” instead of guessing."
    for number in range(1, 31)
)

OTHERS = [
    Draft("Haiku", "Write a haiku about {{ topic }}.", "gpt-4o-mini", []),
    Draft(
        "Surreal mountain landscape",
        "A surreal mountain landscape at dusk, oil on canvas, two moons, a river that flows "
        "uphill, in the manner of René Magritte.",
        "DALL·E",
        ["art", "surreal", "landscape"],
    ),
    Draft("Obligations in a contract", LONG, "claude-sonnet-4", ["law", "long"]),
    Draft(
        "Explain photosynthesis to a ten-year-old",
        "Explain photosynthesis to a child of ten in five sentences. Use one comparison from a "
        "kitchen.",
        "gpt-4o",
        ["school", "biology"],
    ),
    Draft(
        "SQL from a question",
        "Given the schema\n\n    orders(id, customer_id, placed_at, total_cents)\n    "
        "customers(id, name, country)\n\nwrite one PostgreSQL query that answers: {{ question }}\n"
        "Answer with the query alone.",
        "gpt-4o",
        ["code", "sql"],
    ),
    Draft(
        "Résumé d'une réunion",
        "Résume la réunion ci-dessous : décisions, responsables, échéances.\n\n{{ transcript }}",
        "mistral-large",
        ["français", "meetings"],
    ),
    Draft(
        "Описание товара",
        "Опиши товар для витрины, не длиннее 120 знаков.\n\nТовар: {{ product }}",
        "gpt-4o",
        ["русский", "shop"],
    ),
    Draft(
        "Review a pull request for races, missing locks, and writes that overwrite others unseen",
        "Review the diff below. Report only what can go wrong when two requests run at once.\n\n"
        "{{ diff }}",
        "claude-sonnet-4",
        ["code", "review", "concurrency", "databases", "long-title"],
    ),
    Draft(
        "Product photo on white",
        "Photograph of {{ product }} on a seamless white background, soft light from the left, "
        "85 mm, no text.",
        "stable-diffusion-3.5",
        ["art", "shop"],
    ),
    Draft(
        "Classify a ticket",
        "Classify the ticket as one of: billing, delivery, account, other.\nAnswer with the word "
        "alone.\n\n{{ ticket }}",
        "gpt-4o-mini",
        ["support", "classification"],
    ),
    Draft(
        "Brainstorm <b>names</b> & slogans",
        "Ten names for {{ thing }}, each with a slogan of at most six words. No puns.",
        "gpt-4o",
        ["marketing"],
    ),
]

TRASHED = Draft("Old newsletter intro", "Write an upbeat intro.", "gpt-3.5-turbo", ["marketing"])
STRANGERS = Draft("Somebody else's prompt", "Not for everybody.", "gpt-4o", ["private"])

OUTPUTS = [
    "Your parcel is in the Leipzig depot and will reach you on Thursday. I am sorry for the delay. "
    "If it is not there by Friday, form K-2 opens a claim.",
    "I am sorry that your parcel is late. It left our hub this morning and arrives tomorrow before "
    "noon.",
    "Votre colis est à Lyon et arrivera mercredi. Veuillez nous excuser pour ce retard.",
    "Dear customer,\n\nthank you for your message. We are sorry. We are truly sorry for the delay "
    "and understand your frustration. We will look into it.",
]
NOTES = ["Says where the parcel is first.", "Apologises twice.", "", "Too long."]
