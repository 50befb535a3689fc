"""Where a page leads: up, down, to the next page of a list, and to what an id names."""

import re
from typing import Any, NamedTuple
from urllib.parse import quote

from django.contrib import admin
from django.urls import reverse
from rest_framework.request import Request

from promptcrafter import ids
from promptcrafter.browsable.operations import described
from promptcrafter.description import description
from prompts.models import Log, Prompt

# Where the thing of an id is found, by kind.
HOMES = {
    "prompt": "/prompts/",
    "log": "/logs/",
    "key": "/auth/keys/",
    "session": "/auth/sessions/",
}
ID = re.compile(f"({'|'.join(HOMES)})_[0-7][{ids.ALPHABET}]{{25}}")

IN_THE_ADMIN: dict[str, Any] = {"/prompts/{promptId}": Prompt, "/logs/{logId}": Log}

# Rows without an id: by the path of their list, the field that names one, and its page.
ROWS = {
    "/prompts/{promptId}/versions": ("number", "{path}/{value}"),
    "/prompts/{promptId}/labels": ("name", "{path}/{value}"),
    "/tags": ("tag", "/prompts?tag={value}"),
    "/models": ("model", "/prompts?model={value}"),
}


class Link(NamedTuple):
    text: str
    href: str
    is_here: bool = False


def home_of(wire_id: str, path: str) -> str | None:
    """The page of what an id names; from the trash, its page there."""
    match = ID.fullmatch(wire_id)
    if match is None:
        return None
    is_trashed = path.startswith("/trash") and match[1] == "prompt"
    return f"{'/trash/' if is_trashed else HOMES[match[1]]}{wire_id}"


def row_page(template: str, path: str, row: dict[str, Any]) -> tuple[str, str | None]:
    """Of a row without an id: the field that names it, and its page; or neither."""
    name, page = ROWS.get(template, ("", ""))
    if name not in row:
        return "", None
    return name, page.format(path=path, value=quote(str(row[name]), safe=""))


def paging(header: str) -> list[Link]:
    """Of a `Link` header; to the first page only from a later one."""
    pages = {relation: url for url, relation in re.findall(r'<([^>]*)>; rel="(\w+)"', header)}
    words = {"first": "First", "prev": "Previous", "next": "Next"}
    if "prev" not in pages:
        pages.pop("first", None)
    return [Link(text, pages[relation]) for relation, text in words.items() if relation in pages]


def crumbs(template: str, path: str) -> list[Link]:
    """The pages above that there are to read."""
    parts = list(zip(template.split("/")[1:], path.split("/")[1:], strict=True))[:-1]
    above = [parts[: n + 1] for n in range(len(parts))]
    return [
        Link(each[-1][1], _join(part for _, part in each))
        for each in above
        if "get" in described(_join(name for name, _ in each))
    ]


def related(template: str, path: str, answer: Any) -> list[Link]:
    """What hangs on the thing that the path names, and on the page itself."""
    links = []
    for above, here in _things(template, path):
        children = [each for each in description()["paths"] if _is_child(each, of=above)]
        links += [
            Link(each.rpartition("/")[2], f"{here}/{each.rpartition('/')[2]}") for each in children
        ]
        if above == "/prompts/{promptId}":
            links.append(Link("logs", f"/logs?promptId={here.rpartition('/')[2]}"))
    version = answer.get("version") if isinstance(answer, dict) and "_id" in answer else None
    return [_with_versions(each, version)._replace(is_here=each.href == path) for each in links]


def in_the_admin(request: Request, user: Any, template: str, kwargs: dict[str, Any]) -> str | None:
    """The operator's page of the same thing, for who may see it."""
    for above, model in IN_THE_ADMIN.items():
        if user.is_staff and (template == above or template.startswith(f"{above}/")):
            model_admin = admin.site.get_model_admin(model)
            if model_admin.has_view_permission(request):
                key = ids.decode(model.KIND, kwargs["pk"])
                options = model._meta
                return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[key])
    return None


def _things(template: str, path: str) -> list[tuple[str, str]]:
    """The path's beginnings that name one thing, and the path itself; each with its template."""
    names, parts = template.split("/"), path.split("/")
    ends = [n for n in range(2, len(names) + 1) if names[n - 1].endswith("}") or n == len(names)]
    return [("/".join(names[:n]), "/".join(parts[:n])) for n in ends]


def _is_child(template: str, *, of: str) -> bool:
    above, _, last = template.rpartition("/")
    return above == of and bool(last) and "{" not in last


def _with_versions(link: Link, version: Any) -> Link:
    """Comparisons of the newest two versions, where there are two."""
    queries = {"diff": "from={}&to={}", "compare": "a={}&b={}"}
    if link.text not in queries or not isinstance(version, int) or version < 2:
        return link
    query = queries[link.text].format(version - 1, version)
    return link._replace(href=f"{link.href}?{query}")


def _join(parts: Any) -> str:
    return "/" + "/".join(parts)
