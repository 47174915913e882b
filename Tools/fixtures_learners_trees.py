#!/usr/bin/env python3
"""Writes what trees, forests and neighbours are compared with: scikit-learn's small classics and what scikit-learn says of them.

usage: .deps/python/bin/python Tools/fixtures_learners_trees.py
"""

import pathlib
import warnings

import numpy as np
from safetensors.numpy import save_file
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, LocalOutlierFactor, RadiusNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "LearnersTests" / "Fixtures"
warnings.filterwarnings("ignore")


def classics():
    arrays = {}
    for name, load in [("iris", load_iris), ("wine", load_wine), ("cancer", load_breast_cancer), ("diabetes", load_diabetes)]:
        x, y = load(return_X_y=True)
        arrays[name + ".x"] = x.astype(np.float32)
        arrays[name + ".y"] = y.astype(np.float32)
    x, y = load_digits(return_X_y=True)
    arrays["digits.x"] = x.astype(np.uint8)
    arrays["digits.y"] = y.astype(np.uint8)
    return arrays


def trees(data):
    arrays = {}

    def add(name, model, x, y, probe, weight=None):
        # Splits of equal gain are chosen by chance: every tree that the reference may grow is written, up to a few.
        seen = []
        for seed in range(40):
            model.set_params(random_state=seed).fit(x, y, sample_weight=weight)
            shares = model.predict_proba(probe)[:, :-1] if hasattr(model, "predict_proba") else model.predict(probe)
            shares = np.asarray(shares, np.float32).reshape(len(probe), -1)
            if len(seen) < 8 and not any(np.allclose(shares, other, atol=1e-6) for other in seen):
                arrays[f"{name}#{len(seen)}"] = shares
                arrays[f"{name}#{len(seen)}.shape"] = np.array([model.get_depth(), model.get_n_leaves()], np.int64)
                seen.append(shares)
        print(name, len(seen))

    for name in ["iris", "wine", "cancer"]:
        x, y = data[name + ".x"].astype(np.float64), data[name + ".y"].astype(int)
        for criterion in ["gini", "entropy"]:
            for depth in [2, 3, 5]:
                add(f"{name}.{criterion}.{depth}", DecisionTreeClassifier(criterion=criterion, max_depth=depth, random_state=0), x, y, x)
        add(f"{name}.full", DecisionTreeClassifier(random_state=0), x, y, x)
        add(f"{name}.pruned", DecisionTreeClassifier(random_state=0, ccp_alpha=0.02), x, y, x)
        if name != "cancer":  # whose trees of large leaves are many: most splits there have equals
            add(f"{name}.leaf", DecisionTreeClassifier(random_state=0, min_samples_leaf=25), x, y, x)
        add(f"{name}.leaves", DecisionTreeClassifier(random_state=0, max_leaf_nodes=6), x, y, x)
        add(f"{name}.decrease", DecisionTreeClassifier(random_state=0, min_impurity_decrease=0.01), x, y, x)
        add(f"{name}.balanced", DecisionTreeClassifier(random_state=0, max_depth=3, class_weight="balanced"), x, y, x)
        weight = (np.arange(len(y)) % 3 + 1).astype(float)
        add(f"{name}.weighted", DecisionTreeClassifier(random_state=0, max_depth=3), x, y, x, weight)
        holes = x.copy()
        holes[np.arange(len(y)) % 4 == 1, 2] = np.nan
        holes[np.arange(len(y)) % 7 == 3, 0] = np.nan
        add(f"{name}.missing", DecisionTreeClassifier(random_state=0, max_depth=3), holes, y, holes)
    x, y = data["diabetes.x"].astype(np.float64), data["diabetes.y"].astype(np.float64)
    for criterion in ["squared_error", "absolute_error", "poisson"]:
        for depth in [2, 3]:
            add(f"diabetes.{criterion}.{depth}", DecisionTreeRegressor(criterion=criterion, max_depth=depth, random_state=0), x, y, x)
    add("diabetes.leaf", DecisionTreeRegressor(random_state=0, min_samples_leaf=20), x, y, x)
    add("diabetes.leaves", DecisionTreeRegressor(random_state=0, max_leaf_nodes=8), x, y, x)
    add("diabetes.pruned", DecisionTreeRegressor(random_state=0, ccp_alpha=60), x, y, x)
    rising = [0, 0, 1] + [0] * 7
    add("diabetes.monotone", DecisionTreeRegressor(random_state=0, max_depth=4, min_samples_leaf=10, monotonic_cst=rising), x, y, x)
    model = DecisionTreeRegressor(random_state=0, max_depth=3).fit(x, y)
    arrays["diabetes.importances"] = model.feature_importances_
    return arrays


def neighbours(data):
    arrays = {}
    for name in ["iris", "wine"]:
        x, y = data[name + ".x"].astype(np.float64), data[name + ".y"].astype(int)
        train, probe = np.arange(len(y)) % 3 != 0, np.arange(len(y)) % 3 == 0
        for metric, p in [("euclidean", 2), ("manhattan", 1), ("cosine", 2), ("minkowski", 3)]:
            for weights in ["uniform", "distance"]:
                model = KNeighborsClassifier(7, metric=metric, p=p, weights=weights, algorithm="brute").fit(x[train], y[train])
                arrays[f"{name}.{metric}.{weights}"] = model.predict_proba(x[probe])
        for novelty in [False, True]:
            model = LocalOutlierFactor(10, novelty=novelty).fit(x[train])
            arrays[f"{name}.lof.{novelty}"] = -model.score_samples(x[probe]) if novelty else -model.negative_outlier_factor_
        model = RadiusNeighborsClassifier(1.0 if name == "iris" else 60.0, algorithm="brute", outlier_label=0).fit(x[train], y[train])
        arrays[f"{name}.radius"] = model.predict_proba(x[probe])
    x, y = data["diabetes.x"].astype(np.float64), data["diabetes.y"].astype(np.float64)
    train, probe = np.arange(len(y)) % 3 != 0, np.arange(len(y)) % 3 == 0
    for weights in ["uniform", "distance"]:
        arrays[f"diabetes.{weights}"] = KNeighborsRegressor(5, weights=weights, algorithm="brute").fit(x[train], y[train]).predict(x[probe])
    return arrays


def isolation(data):
    x = data["cancer.x"].astype(np.float64)
    scores = np.stack([-IsolationForest(n_estimators=200, random_state=seed).fit(x).score_samples(x) for seed in range(5)])
    return {"cancer.isolation.mean": scores.mean(0), "cancer.isolation.sd": scores.std(0, ddof=1)}


def boosting(data):
    """Models of a newer xgboost, as its JSON, and what it predicts with them."""
    import xgboost

    arrays = {}
    for name, model in [
        ("cancer", xgboost.XGBClassifier(n_estimators=8, max_depth=3, base_score=0.5)),
        ("iris", xgboost.XGBClassifier(n_estimators=5, max_depth=2, base_score=0.5)),
        ("diabetes", xgboost.XGBRegressor(n_estimators=8, max_depth=3)),
    ]:
        x, y = data[name + ".x"], data[name + ".y"]
        model.fit(x, y.astype(int) if name != "diabetes" else y)
        path = FOLDER / f"xgboost_{name}.json"
        model.save_model(path)
        arrays[f"xgboost.{name}"] = (model.predict_proba(x) if name != "diabetes" else model.predict(x)).astype(np.float32)
    return arrays


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    data = classics()
    save_file(data, FOLDER / "classics.safetensors")
    arrays = {**trees(data), **neighbours(data), **isolation(data), **boosting(data)}
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, FOLDER / "trees.safetensors")
