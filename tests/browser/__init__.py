"""The pages in a real browser.

`library` fills a server, `chromium` opens its pages and hears what they complain of, `axe` judges
them, and `pages` is the table of those that are judged and photographed.
"""
