"""What benches/formats.rs measures itself against. Prints the seconds of the work alone, in its last line."""

import contextlib
import io
import json
import sqlite3
import sys
import time

ROUNDS = 3


def best(work):
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def read(path):
    """pycocotools' own load, with its index."""
    from pycocotools.coco import COCO

    with contextlib.redirect_stdout(io.StringIO()):
        return best(lambda: COCO(path))


def rows(filled, before):
    """The rows that an import left behind, into the same tables of a store as it was before, in one transaction."""
    db = sqlite3.connect(filled)
    inserts = []
    for table in ("event", "annotation", "sample_class", "undo"):
        names = [column[1] for column in db.execute(f"PRAGMA table_info({table})")]
        marks = ", ".join("?" * len(names))
        quoted = ", ".join(f'"{name}"' for name in names)
        values = db.execute(f"SELECT {quoted} FROM {table}").fetchall()
        inserts.append((f"INSERT INTO {table}({quoted}) VALUES({marks})", values))
    columns = ["status", "skip_reason", "flagged", "unsure", "empty", "rev", "state", "changed", "author", "class", "review"]
    update = "UPDATE sample SET " + ", ".join(f"{name} = ?" for name in columns) + " WHERE id = ?"
    changed = db.execute(f"SELECT {', '.join(columns)}, id FROM sample").fetchall()
    db.close()
    db = sqlite3.connect(before, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA cache_size = -32768")
    for sql, _ in inserts:
        db.execute("DELETE FROM " + sql.split()[2].split("(")[0])
    began = time.perf_counter()
    db.execute("BEGIN IMMEDIATE")
    for sql, values in inserts:
        db.executemany(sql, values)
    db.executemany(update, changed)
    db.execute("COMMIT")
    return time.perf_counter() - began


def dump(made, out):
    """`json.dump` of what an export says."""
    with open(made) as file:
        data = json.load(file)
    began = time.perf_counter()
    with open(out, "w") as file:
        json.dump(data, file)
    return time.perf_counter() - began


def lines(path):
    import pandas

    return best(lambda: pandas.read_json(path, lines=True))


if __name__ == "__main__":
    work = {"read": read, "rows": rows, "dump": dump, "lines": lines}[sys.argv[1]]
    print(work(*sys.argv[2:]))
