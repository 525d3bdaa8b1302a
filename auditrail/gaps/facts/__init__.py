"""Facts: ONE FILE = ONE TEMPORARY TABLE that rules share. The folder is the registry.

A module of this folder has

    NAME: str                        of the table, the same as the file
    NEEDS: tuple[str, ...]           fact tables that must stand before
    COLUMNS: dict[str, str]          column -> what it means
    def build(connection) -> None    makes the temporary table NAME with exactly these columns

The table `params(name VARCHAR, value BIGINT)` stands before all of them. Facts hold columns of type BIGINT, VARCHAR,
BOOLEAN and DOUBLE only, because rules read them on other engines, too. The same case gives the same rows.
`auditrail query` builds a fact that its SQL names, so that every rule can be run by hand.
"""
