"""What a program does, from sign-up to search, by a client that was generated of the description.

Run by test_generated_client.py, with the client on the path and the server's URL as argument.
"""

import sys

from promptcrafter_client import AuthenticatedClient, Client
from promptcrafter_client.api.auth import get_me, log_in, sign_up
from promptcrafter_client.api.evidence import get_stats
from promptcrafter_client.api.labels import set_label
from promptcrafter_client.api.logs import create_log, list_logs
from promptcrafter_client.api.prompts import (
    create_prompt,
    get_prompt,
    list_prompts,
    search_prompts,
    update_prompt,
)
from promptcrafter_client.api.versions import diff_versions
from promptcrafter_client.models import (
    Error,
    LabelRequest,
    LoginRequest,
    LogRequest,
    PatchedEditRequest,
    PromptRequest,
    SearchPromptsHighlight,
    SignupRequest,
)

EMAIL, PASSWORD = "generated@example.com", "correct horse battery"


def main(url: str) -> None:
    client = come(Client(base_url=url))
    prompt_id = write(client)
    judge(client, prompt_id)
    find(client, prompt_id)


def come(anybody: Client) -> AuthenticatedClient:
    body = SignupRequest(name="Ada", email=EMAIL, password=PASSWORD)
    assert sign_up.sync(client=anybody, body=body).message == "Welcome, Ada."
    taken = sign_up.sync_detailed(client=anybody, body=body)
    assert (taken.status_code, taken.parsed.code) == (409, "email_taken")
    wrong = log_in.sync(client=anybody, body=LoginRequest(email=EMAIL, password="wrong password"))
    assert isinstance(wrong, Error)
    assert wrong.code == "wrong_credentials"
    tokens = log_in.sync(client=anybody, body=LoginRequest(email=EMAIL, password=PASSWORD))
    client = AuthenticatedClient(base_url=anybody._base_url, token=tokens.token)
    assert get_me.sync(client=client).email == EMAIL
    return client


def write(client: AuthenticatedClient) -> str:
    text = PromptRequest(title="Landscape", content="A {{mood}} mountain.", model="m", tags=["art"])
    prompt = create_prompt.sync(client=client, body=text, idempotency_key="once")
    again = create_prompt.sync(client=client, body=text, idempotency_key="once")
    assert again.field_id == prompt.field_id
    invalid = create_prompt.sync(client=client, body=PromptRequest("x", content=" ", model="m"))
    assert set(invalid.fields.additional_properties) == {"title", "content"}

    edit = PatchedEditRequest(content="A {{mood}} mountain, in oil.", base_version=1)
    edited = update_prompt.sync_detailed(prompt.field_id, client=client, body=edit)
    assert (edited.parsed.version, edited.parsed.variables[0].name) == (2, "mood")
    etag = edited.headers["ETag"]
    unchanged = get_prompt.sync_detailed(prompt.field_id, client=client, if_none_match=etag)
    assert unchanged.status_code == 304
    conflict = update_prompt.sync(prompt.field_id, client=client, body=edit)
    assert (conflict.code, conflict.current_version) == ("version_conflict", 2)
    assert (
        diff_versions.sync(prompt.field_id, client=client, from_=1, to=2).changes[0].field
        == "content"
    )

    label = set_label.sync(
        prompt.field_id, "production", client=client, body=LabelRequest(version=2)
    )
    assert (label.name, label.version) == ("production", 2)
    return prompt.field_id


def judge(client: AuthenticatedClient, prompt_id: str) -> None:
    for score in (7, 7.5, 8, 9, 9.5):
        body = LogRequest(
            prompt_id=prompt_id, output="o", model_used="m", label="production", score=score
        )
        log = create_log.sync(client=client, body=body)
        assert (log.version, log.score) == (2, score)
    assert len(list_logs.sync(client=client, prompt_id=prompt_id)) == 5
    (row,) = get_stats.sync(prompt_id, client=client)
    assert (row.version, row.mean, row.scored) == (2, 8.2, 5)
    assert row.interval.low < row.mean < row.interval.high


def find(client: AuthenticatedClient, prompt_id: str) -> None:
    marked = SearchPromptsHighlight.TRUE
    (found,) = search_prompts.sync(client=client, q="oil MOUNT", highlight=marked)
    assert (found.field_id, found.labels.additional_properties) == (prompt_id, {"production": 2})
    assert {match.field for match in found.matches} == {"content"}
    assert [each.field_id for each in list_prompts.sync(client=client, tag=["art"])] == [prompt_id]
    missing = get_prompt.sync("prompt_00000000000000000000000000", client=client)
    assert missing.code == "not_found"


if __name__ == "__main__":
    main(sys.argv[1])
