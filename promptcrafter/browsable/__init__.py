"""The API's pages, for people: what an endpoint answers, beside its own text and forms for it.

A page is one more way to write an answer (`renderer`), so whatever the API answers has one, and
nothing in the views knows of it. What a page says of an endpoint it takes from the API's
description (`operations`), which is made of the code: there is no second text to keep. `answers`
makes JSON readable, `links` leads from one page to others.
"""
