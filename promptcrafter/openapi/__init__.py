"""The description of the API in OpenAPI 3.1, made from the code by drf-spectacular.

Whatever a view's code shows is derived here: names, ids, conditions, keys, who must say who they
are, and so each error that an operation can answer. What the code does not show stands next to the
view, in `@extend_schema`; there, an answer that is a word (or several) is an error's code:

    @extend_schema(responses={200: PromptSerializer, 409: "version_conflict"})

`operations` derives, `tables` holds the words and shapes that it derives from, `fields` tells the
schema of each serializer field, `links` names the parameters and links the operations.
"""
