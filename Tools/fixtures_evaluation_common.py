"""What the writers of Evaluation's fixtures share: numbers that JSON cannot say, and the folder."""
import json
import math
import pathlib

import numpy as np

OUT = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "EvaluationTests" / "Fixtures"


def number(value):
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return int(value) if value == int(value) and abs(value) < 1e15 else value


def numbers(values):
    return [number(v) for v in np.asarray(values, dtype=np.float64).ravel()]


def write(name, document):
    OUT.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, separators=(",", ":"))
    (OUT / name).write_text(text + "\n")
    print(name, len(text), "bytes")
