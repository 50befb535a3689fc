"""docs/collection.json: the description as requests that Postman and Bruno import."""

import json
import re

from promptcrafter.description import description
from promptcrafter.openapi import collection
from tests import reference
from tests.test_openapi import OPERATIONS

COLLECTION = collection.of(description())
ITEMS = [item for folder in COLLECTION["item"] for item in folder["item"]]
VARIABLES = {each["key"] for each in COLLECTION["variable"]}


def test_addresses_are_whole():
    for item in ITEMS:
        address = item["request"]["url"]["raw"]
        assert re.fullmatch(r"\{\{baseUrl\}\}/[\w/:.-]*(\?\w+=[^&]*(&\w+=[^&]*)*)?", address), (
            address
        )


def test_the_committed_collection_is_the_descriptions():
    assert reference.COLLECTION.read_bytes() == reference.written(COLLECTION), "run `make docs`"


def test_every_operation_is_there_once():
    paths = ["/" + "/".join(item["request"]["url"]["path"]) for item in ITEMS]
    there = [(item["request"]["method"], path) for item, path in zip(ITEMS, paths, strict=True)]
    assert sorted(there) == sorted((method, path_of(path)) for method, path in OPERATIONS)


def path_of(path):
    return re.sub(r"\{(\w+)\}", r":\1", path)


def test_it_has_the_shape_that_importers_read():
    assert COLLECTION["info"]["schema"].endswith("/collection/v2.1.0/collection.json")
    assert [folder["name"] for folder in COLLECTION["item"]] == [
        tag["name"] for tag in description()["tags"]
    ]
    for item in ITEMS:
        url = item["request"]["url"]
        assert url["raw"].startswith("{{baseUrl}}/")
        named = [part[1:] for part in url["path"] if part.startswith(":")]
        assert named == [each["key"] for each in url.get("variable", [])]


def test_every_variable_that_is_used_or_kept_is_declared():
    text = json.dumps(COLLECTION)
    used = set(re.findall(r"\{\{(\w+)\}\}", json.dumps([item["request"]["url"] for item in ITEMS])))
    kept = set(re.findall(r'collectionVariables.set\(\\"(\w+)', text))
    assert used | kept | {"token"} <= VARIABLES
    assert {"token", "refresh", "promptId", "logId", "keyId"} <= kept


def test_a_body_is_the_example_with_variables_for_what_other_answers_tell():
    bodies = [item["request"]["body"]["raw"] for item in ITEMS if "body" in item["request"]]
    assert all(isinstance(json.loads(body), dict) for body in bodies)
    assert not re.findall(r'"prompt_[^"]+|"eyJ[^"]+', " ".join(bodies))
    assert any('"promptId": "{{promptId}}"' in body for body in bodies)


def test_only_who_needs_no_token_sends_none():
    for item, operation in zip(ITEMS, in_order(), strict=True):
        sends_none = item["request"].get("auth") == {"type": "noauth"}
        assert sends_none == (operation["security"] == [])


def in_order():
    """The operations in the order of the collection: by tag."""
    tags = [tag["name"] for tag in description()["tags"]]
    return sorted(OPERATIONS.values(), key=lambda each: tags.index(each["tags"][0]))
