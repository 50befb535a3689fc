"""Templates: what stands in a prompt's text to be filled in. Pure; knows no Django.

`{{name}}` is a variable: letters of any script, digits and `_`, at most 64, with spaces allowed
inside the braces; `{{name=a default}}` gives it a default. A backslash before the braces makes them
plain text. Everything else is text.
"""

import re

# One pass, and no part that can match the same text in two ways: hostile input takes linear time.
VARIABLE = re.compile(r"(?<!\\)\{\{ {0,64}(\w{1,64}) {0,64}(?:=([^{}]*))?\}\}")


def variables(content: str) -> list[str]:
    """The names of the variables, each once, in the order of their first use."""
    return list(dict.fromkeys(match[1] for match in VARIABLE.finditer(content)))
