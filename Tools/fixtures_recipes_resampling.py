"""Writes Tests/RecipesTests/Fixtures/resampling.json: counts and kept rows as imbalanced-learn 0.14.2 gives them.

Run with the project's Python environment: python Tools/fixtures_recipes_resampling.py
"""
import collections
import json
import pathlib
import warnings

import imblearn
import numpy as np
from imblearn import combine, over_sampling, under_sampling
from sklearn.utils.class_weight import compute_class_weight

assert imblearn.__version__ == "0.14.2", imblearn.__version__
warnings.filterwarnings("ignore")
OUT = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "RecipesTests" / "Fixtures"
rng = np.random.default_rng(11)
data, cases = {}, []


def blobs(name, sizes, width=4, spread=1.6):
    x = np.concatenate([rng.normal(0, 1, (n, width)) + spread * k for k, n in enumerate(sizes)]).round(4)
    y = np.concatenate([np.full(n, k) for k, n in enumerate(sizes)])
    order = rng.permutation(len(y))
    x, y = x[order], y[order]
    data[name] = {"rows": x.tolist(), "classes": y.tolist(), "labels": [chr(97 + k) for k in range(len(sizes))]}
    return x, y


def case(resampling, name, sampler):
    x, y = np.array(data[name]["rows"]), np.array(data[name]["classes"])
    _, y2 = sampler.fit_resample(x, y)
    entry = {"resampling": resampling, "data": name, "counts": [int(v) for _, v in sorted(collections.Counter(y2.tolist()).items())]}
    if hasattr(sampler, "sample_indices_") and "random" not in str(resampling):
        entry["kept"] = sorted(int(v) for v in sampler.sample_indices_)
    if hasattr(sampler, "in_danger_indices"):
        entry["danger"] = {chr(97 + int(k)): [int(i) for i in v] for k, v in sampler.in_danger_indices.items()}
    cases.append(entry)


blobs("two", [70, 20])
blobs("three", [60, 25, 12])
blobs("close", [50, 25], spread=0.8)
for name in ("two", "three", "close"):
    counts = {"a": 80, "b": 40}
    numbers = {0: 80, 1: 40}
    for strategy, theirs in [("auto", "auto"), ("minority", "minority"), ("not-minority", "not minority"), ("all", "all"), (counts, numbers)] + (
            [(0.9, 0.9)] if name != "three" else []):
        case({"random-over": {"strategy": strategy}}, name, over_sampling.RandomOverSampler(sampling_strategy=theirs, random_state=0))
        case({"smote": {"strategy": strategy}}, name, over_sampling.SMOTE(sampling_strategy=theirs, random_state=0))
        for kind in (1, 2):
            case({f"borderline-{kind}": {"strategy": strategy, "neighbours": 3}}, name,
                 over_sampling.BorderlineSMOTE(sampling_strategy=theirs, k_neighbors=3, kind=f"borderline-{kind}", random_state=0))
        if strategy in ("auto", "minority", 0.9):
            case({"adasyn": {"strategy": strategy}}, name, over_sampling.ADASYN(sampling_strategy=theirs, random_state=0))
    fewer, numbers = {"a": 30, "b": 10}, {0: 30, 1: 10}
    for strategy, theirs in [("auto", "auto"), ("majority", "majority"), ("not-majority", "not majority"), ("all", "all"), (fewer, numbers)] + (
            [(0.9, 0.9)] if name != "three" else []):
        case({"random-under": {"strategy": strategy}}, name, under_sampling.RandomUnderSampler(sampling_strategy=theirs, random_state=0))
        for version in (1, 2):
            case({"near-miss": {"strategy": strategy, "version": version}}, name,
                 under_sampling.NearMiss(sampling_strategy=theirs, version=version))
    for strategy in ("auto", "majority", "not-majority", "all", "not-minority"):
        theirs = strategy.replace("-", " ")
        case({"tomek-links": {"strategy": strategy}}, name, under_sampling.TomekLinks(sampling_strategy=theirs))
        for vote in ("all", "mode"):
            for judges in (3, 5):
                case({"edited-neighbours": {"strategy": strategy, "vote": vote, "judges": judges}}, name,
                     under_sampling.EditedNearestNeighbours(sampling_strategy=theirs, kind_sel=vote, n_neighbors=judges))
weights = {}
for name in data:
    y = np.array(data[name]["classes"])
    weights[name] = compute_class_weight("balanced", classes=np.unique(y), y=y).tolist()
path = OUT / "resampling.json"
path.write_text(json.dumps({"data": data, "cases": cases, "weights": weights}, separators=(",", ":")))
print(len(cases), "cases", path.stat().st_size, "bytes")
