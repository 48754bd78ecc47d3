"""The catalog: an index of the photos' records beside the workbench, to search them by.

It knows what `imageproc.core` and `imageproc.aws` know and nothing of the client. From below:

- `schema` and `rows`: the tables, and a record as a row of them;
- `journal`, `database`: the files, safe for many processes, as one database;
- `feed`, `filling`, `catalog`: what is read of DynamoDB, and how the catalog keeps in step;
- `conditions`, `arguments`, `fields`, `selection`: questions as SQL;
- `answers`, `export`: what comes of them.
"""
