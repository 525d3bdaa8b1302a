"""Kinds of configuration: ONE FILE = ONE KIND; the folder is the registry.

A kind module has

    NAME: str                      as rules name it in KINDS, and the name of the file with `-` for `_`
    TITLE: str                     for a person: what is configured
    NEEDLES: tuple[str, ...]       words of which each such configuration has at least one: a file without any is not
                                   even parsed, so they should be rare elsewhere
    def find(document: Document) -> Iterator[Config]
        The configurations of this kind in a document, told by content and never by the file's name alone.

A configuration is any object with a `document`, and with `line` and `column` where it begins. Rules are handed it as
`check(config, context)`, so its methods are what makes rules short: names of the field, places of keys, what is in use.
"""
