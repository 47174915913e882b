"""Writes the fixtures of Tests/TablesTests: odd files and what pandas and pyarrow make of them, joins and groups as pandas computes them."""

import gzip
import io
import json
import math
import pathlib
import random

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather
import pyarrow.parquet as pq

folder = pathlib.Path(__file__).parent.parent / "Tests/TablesTests/Fixtures/files"
folder.mkdir(parents=True, exist_ok=True)


def plain(value):
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return int(value.tz_localize("UTC").value // 1000 if value.tzinfo is None else value.value // 1000)
    if isinstance(value, (np.bool_, bool)):
        return bool(value)
    if isinstance(value, (np.integer, int)):
        return int(value)
    if isinstance(value, (np.floating, float)):
        return float(value)
    if isinstance(value, (list, np.ndarray)):
        return [plain(item) for item in value]
    return str(value)


def kind(series):
    dtype = series.dtype
    if isinstance(dtype, pd.ArrowDtype):
        arrow = dtype.pyarrow_dtype
        if pa.types.is_integer(arrow):
            return "int64"
        if pa.types.is_floating(arrow) or pa.types.is_null(arrow):
            return "float64"
        if pa.types.is_boolean(arrow):
            return "boolean"
        if pa.types.is_timestamp(arrow):
            return "timestamp"
        return "text"
    if dtype.kind == "M":
        return "timestamp" if getattr(dtype, "tz", None) is None else "timestamp[UTC]"
    return {"i": "int64", "f": "float64", "b": "boolean"}.get(dtype.kind, "text")


def frame(data):
    return [{"name": str(name), "type": kind(data[name]), "values": [plain(v) for v in data[name].tolist()]} for name in data.columns]


cases = []


def case(name, content, options=None, suffix="csv", times=(), encoding=None, **pandas):
    raw = content if isinstance(content, bytes) else content.encode(encoding or "utf-8")
    path = f"{name}.{suffix}"
    (folder / path).write_bytes(raw)
    data = pd.read_csv(folder / path, dtype_backend="pyarrow", encoding=encoding, **pandas)
    for column in times:
        data[column] = pd.to_datetime(data[column], format="ISO8601" if times[column] is None else times[column], utc=column == "zoned")
    cases.append({"file": path, "options": {"csv": options or {}}, "columns": frame(data)})


case("plain", "a,b,c\n1,2.5,x\n-3,1e3,y\n")
case("quotes", 'name,note\n"Smith, J.","said ""hi"""\n"line one\nline two",\'single\'\nplain,"trailing "\n')
case("semicolons", "a;b;c\n1;2,5;x\n2;-0,25;y\n", {"decimal": ","}, sep=";", decimal=",")
case("tabs", "a\tb\n1\tx y\n2\tz\n", suffix="tsv", sep="\t")
case("bars", "a|b|c\n1|x|2\n3|y|4\n", sep="|")
case("bom", "name,count\nä,1\nß,2\n", encoding="utf-8-sig")
case("utf16", "名前,数\n東京,1\n京都,2\n", encoding="utf-16")
case("latin", "ort,wert\nKöln,1\nMünchen,2\n", {"encoding": "latin1"}, encoding="latin-1")
case("windows", "item,price\n“quoted”,€5\n–,x\n", {"encoding": "windows-1252"}, encoding="cp1252")
case("chinese", "城市,人口\n北京,2189\n上海,2487\n", {"encoding": "gb18030"}, encoding="gb18030")
case("missing", 'a,b,c,d\n1,NA,x,\n,2.5,"",null\nN/A,NaN,None,5\n')
case("question", "a,b\n1,?\n?,x\n", {"missing": ["", "?"]}, na_values=["", "?"], keep_default_na=False)
case("no_header", "1,x\n2,y\n", {"hasHeader": False}, header=None, names=["column_1", "column_2"])
case("names", "1,x\n2,y\n", {"hasHeader": False, "names": ["id", "letter"]}, header=None, names=["id", "letter"])
case("blank_lines", "a,b\n\n1,2\n\n\n3,4\n\n")
case("mac", "a,b\r1,2\r3,4\r", lineterminator="\r")
case("dos", "a,b\r\n1,x\r\n2,y")
case("late_text", "a,b\n" + "".join(f"{i},{i}\n" for i in range(3000)) + "x7,1.5\n")
case("booleans", "a,b,c\ntrue,1,True\nFalse,0,\nTRUE,1,FALSE\n")
case("times", "day,at,zoned\n2024-01-31,2024-01-31 10:20:30,2024-01-31T10:20:30Z\n,1969-12-31 23:59:59.5,2024-07-01T00:00:00+02:00\n",
     times={"day": None, "at": None, "zoned": None})
case("german_times", "day,at\n31.01.2024,31.01.2024 10:20\n01.02.2024,\n", {"timeFormats": ["%d.%m.%Y", "%d.%m.%Y %H:%M"]},
     times={"day": "%d.%m.%Y", "at": "%d.%m.%Y %H:%M"})
case("thousands", 'a,b,c\n"1,234",x,"12,345,678.5"\n"-5",y,"1,000"\n"999",z,0.5\n', {"thousands": ","}, thousands=",")
case("spaces", "a,b\n 1, x \n2 ,y\n")
case("one_column", "value\n1\n2\n3\n")
case("wide", ",".join(f"c{i}" for i in range(300)) + "\n" + ",".join(str(i) for i in range(300)) + "\n")
case("all_missing", "a,b\n,1\n,2\nNA,3\n")
case("skipped_lines", "made by a machine\non a day\na,b\n1,2\n", {"skippedLines": 2}, skiprows=2)
case("escaped", 'a,b\n"x\\"y",1\n"p,q",2\n', {"escape": "\\"}, escapechar="\\", doublequote=False)
case("big_numbers", "a,b\n9223372036854775807,0.1\n-9223372036854775808,1.7976931348623157e308\n")
case("quoted_numbers", '"a","b"\n"1","2.5"\n"","x"\n')
case("inches", 'size,n\n5" pipe,1\n6",2\n3" x 4",3\n')
case("emoji", "who,what\n😀,a̐éö̲\n𠜎,\n")

# Things that have no rows or no answer ------------------------------------------------------------------------------------------------
(folder / "empty.csv").write_bytes(b"")
(folder / "header_only.csv").write_bytes(b"a,b,c\n")
(folder / "ragged.csv").write_bytes(b"a,b\n1,2\n3\n4,5,6\n7,8\n")
(folder / "unclosed.csv").write_bytes(b'a,b\n1,"x\n2,y\n')
(folder / "duplicates.csv").write_bytes(b"a,a,,a_2,\n1,2,3,4,5\n")
(folder / "not_utf8.csv").write_bytes("a,b\n1,x\n2,Köln\n".encode("latin-1"))
(folder / "plain.csv.gz").write_bytes(gzip.compress(b"a,b\n1,x\n2,y\n", mtime=0))

# The other formats, with every type -----------------------------------------------------------------------------------------------------
types = pa.table({
    "int8": pa.array([1, None, -128], pa.int8()), "uint64": pa.array([1, None, 2**64 - 1], pa.uint64()),
    "float16": pa.array([1.5, None, -2], pa.float16()), "float64": pa.array([0.1, None, 3.0]), "bool": pa.array([True, None, False]),
    "text": ["x", None, "é"], "view": pa.array(["x", None, "a text that is longer than twelve bytes"], pa.string_view()),
    "large": pa.array(["x", None, ""], pa.large_string()),
    "category": pa.array(["b", None, "a"]).dictionary_encode(),
    "number_category": pa.array([5, None, 7]).dictionary_encode(),
    "date32": pa.array([0, None, 19753], pa.date32()), "date64": pa.array([0, None, 86400000], pa.date64()),
    "seconds": pa.array([1, None, -1], pa.timestamp("s")), "nanoseconds": pa.array([1999, None, -1], pa.timestamp("ns", "Europe/Berlin")),
    "clock": pa.array([3661, None, 0], pa.time32("s")), "duration": pa.array([2, None, 0], pa.duration("s")),
    "decimal": pa.array([pc.cast(pa.scalar("1.25"), pa.decimal128(10, 2)).as_py(), None, pc.cast(pa.scalar("-3"), pa.decimal128(10, 2)).as_py()], pa.decimal128(10, 2)),
    "nothing": pa.nulls(3),
    "list": [[1, 2], None, []], "texts": [["a", None], [], None], "struct": [{"x": 1, "y": "p"}, {"x": None, "y": "q"}, None],
})
with pa.ipc.new_file(folder / "types.arrow", types.schema) as writer:
    writer.write_table(types)
with pa.ipc.new_stream(folder / "types.arrows", types.schema) as writer:
    writer.write_table(types, max_chunksize=2)
pq.write_table(types.drop_columns(["float16", "view"]), folder / "types.parquet", compression="zstd", row_group_size=2)
pa.feather.write_feather(pa.table({"bytes": pa.array([b"\x00"], pa.binary())}), folder / "binary.arrow", compression="uncompressed")

lines = [
    {"a": 1, "b": "x", "c": True, "d": [1, 2], "e": {"f": 1.5, "g": "p"}, "t": "2024-01-31T10:20:30", "mixed": 1},
    {"a": 2.5, "b": None, "c": False, "d": [], "e": {"f": None, "g": "ü\n\"\\😀"}, "t": None, "mixed": "two"},
    {"a": None, "b": "z", "d": [None, 3], "t": "1969-12-31T23:59:59.5", "mixed": {"k": [1]}},
]
(folder / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
(folder / "rows.json").write_text(json.dumps(lines, indent=1))
(folder / "broken.jsonl").write_text('{"a": 1}\n{"a": 2\n{"a": 3}\n')

# Joins and groups -----------------------------------------------------------------------------------------------------------------------
rng = np.random.default_rng(7)
left = pd.DataFrame({
    "id": pd.array(rng.integers(0, 8, 20), dtype="Int64"), "letter": pd.array(rng.choice(list("abc"), 20), dtype=object), "x": rng.normal(size=20).round(3),
})
right = pd.DataFrame({
    "key": pd.array(rng.integers(4, 12, 12), dtype="Int64"), "letter": pd.array(rng.choice(list("bcd"), 12), dtype=object), "x": rng.integers(0, 9, 12),
})
left.loc[[3, 9], "id"] = pd.NA
right.loc[[1, 5], "key"] = pd.NA
left.loc[[4], "letter"] = None


def rows(data):
    return [[plain(v) for v in row] for row in data.itertuples(index=False)]


def order(rows):
    return sorted(rows, key=lambda row: json.dumps(row))


relations = {"left": frame(left), "right": frame(right), "joins": {}, "groups": {}}
present = (left[left["id"].notna()], right[right["key"].notna()])
inner = present[0].merge(present[1], left_on="id", right_on="key", suffixes=("", "_right")).drop(columns=["key"])
relations["joins"]["inner"] = order(rows(inner))
relations["joins"]["semi"] = order(rows(left[left["id"].isin(present[1]["key"]) & left["id"].notna()]))
relations["joins"]["anti"] = order(rows(left[~(left["id"].isin(present[1]["key"]) & left["id"].notna())]))
alone = left[~(left["id"].isin(present[1]["key"]) & left["id"].notna())].assign(letter_right=None, x_right=None)
relations["joins"]["left"] = order(rows(inner) + rows(alone))
met = right["key"].isin(present[0]["id"]) & right["key"].notna()
other = [[plain(r.key), None, None, plain(r.letter), plain(r.x)] for r in right[~met].itertuples()]
relations["joins"]["right"] = order(rows(inner) + other)
relations["joins"]["full"] = order(rows(inner) + rows(alone) + other)
two = left.merge(right, left_on=["id", "letter"], right_on=["key", "letter"], suffixes=("", "_right"))
relations["joins"]["two_keys"] = order(rows(two[two["id"].notna() & two["letter"].notna()].drop(columns=["key"])))

numbers = pd.DataFrame({
    "g": ["a", "b", None, "a", "c", "b", "a", None, "c", "a"], "v": [1.5, None, 2, -3, None, 4, 0.25, 8, None, 1.5],
    "n": [3, 1, 4, 1, 5, 9, 2, 6, 5, 3], "t": ["q", "w", None, "e", "r", "t", "y", "u", None, "q"],
})
groups = numbers.groupby("g", dropna=False, sort=False)
relations["numbers"] = frame(numbers)
result = pd.DataFrame({
    "count": groups["v"].count(), "sum": groups["v"].sum(), "mean": groups["v"].mean(), "min": groups["v"].min(), "max": groups["v"].max(),
    "std": groups["v"].std(), "var": groups["v"].var(), "median": groups["v"].median(), "quantile_0.3": groups["v"].quantile(0.3),
    "distinct_count": groups["v"].nunique(), "first": groups["t"].first(), "last": groups["t"].last(), "n_sum": groups["n"].sum(),
}).reset_index()
relations["groups"]["columns"] = frame(result)
relations["groups"]["lists"] = [[plain(v) for v in group] for group in groups["n"].apply(list)]
ordered = numbers.assign(row=range(10)).sort_values(["v", "n"], ascending=[False, True], kind="stable", na_position="last")
relations["sorted"] = ordered["row"].tolist()
describe = numbers[["v", "n"]].describe()
relations["described"] = {name: [plain(v) for v in describe[name]] for name in describe}

(folder / "cases.json").write_text(json.dumps(cases, ensure_ascii=False))
(folder / "relations.json").write_text(json.dumps(relations))
print(len(cases), "cases,", sum(path.stat().st_size for path in folder.iterdir()), "bytes")
