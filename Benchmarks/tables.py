"""The pyarrow side of the table benchmark: prints {"csv-read": seconds, ...}. The work is that of TableBenchmark.swift.

usage: tables.py generate FILE [ROWS]   writes the CSV that both sides read: 2M rows of 13 columns, about 217 MB
       tables.py csv-read FILE          reads it into an Arrow table, five times; the best counts
"""

import json
import sys
import time

import numpy
import pyarrow
import pyarrow.csv


def generate(path, rows=2_000_000):
    random = numpy.random.default_rng(0)
    columns = {f"i{place}": pyarrow.array(random.integers(0, 10 ** (place + 3), rows)) for place in range(4)}
    columns |= {f"f{place}": pyarrow.array(random.normal(0, 100, rows).round(4)) for place in range(5)}
    columns["city"] = pyarrow.array(random.choice(["Amsterdam", "Berlin", "Cairo", "Delhi", "Lima"], rows))
    columns["code"] = pyarrow.array(random.integers(0, 1 << 40, rows)).cast(pyarrow.string())
    columns["flag"] = pyarrow.array(random.random(rows) < 0.3)
    columns["at"] = pyarrow.array(random.integers(1_500_000_000, 1_700_000_000, rows)).cast(pyarrow.timestamp("s"))
    options = pyarrow.csv.WriteOptions(quoting_style="none")
    pyarrow.csv.write_csv(pyarrow.table(columns), path, options)


def csv_read(path):
    pyarrow.csv.read_csv(path)
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        pyarrow.csv.read_csv(path)
        best = min(best, time.perf_counter() - start)
    return {"csv-read": best}


if __name__ == "__main__":
    task, path, *rest = sys.argv[1:]
    if task == "generate":
        generate(path, *map(int, rest))
    else:
        print(json.dumps({"csv-read": csv_read}[task](path)))
