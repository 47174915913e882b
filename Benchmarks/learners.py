#!/usr/bin/env python3
"""The peers of Benchmarks/swift/LearnerBenchmark.swift: scikit-learn and XGBoost. Prints JSON with the same keys.

usage: OMP_NUM_THREADS=2 Benchmarks/learners.py [forest] [tree] [boosting] [knn] [clusters]
"""

import json
import sys
import time

import numpy as np


def table(rows, columns, informative=10):
    random = np.random.default_rng(1)
    x = random.random((rows, columns, 4)).sum(-1) * 1.7 - 3.4
    signs = np.where(np.arange(informative) % 2 == 0, 1, -1)
    score = x[:, :informative] @ signs + x[:, 0] ** 2 / 2
    return x, (score + 2 * random.random(rows) > 1).astype(int)


def seconds(body, rounds=3):
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        body()
        best = min(best, time.perf_counter() - start)
    return best


def forest(results):
    from sklearn.ensemble import RandomForestClassifier

    x, y = table(10_000, 50)
    for threads in [1, 2]:
        results[f"forest-fit-{threads}"] = seconds(lambda: RandomForestClassifier(100, n_jobs=threads).fit(x, y), 2)
    fitted = RandomForestClassifier(100, n_jobs=2).fit(x, y)
    results["forest-predict"] = seconds(lambda: fitted.predict_proba(x))
    fitted.n_jobs = 1
    row = x[17:18]
    results["forest-row"] = seconds(lambda: [fitted.predict_proba(row) for _ in range(20)]) / 20 * 1e6


def tree(results):
    from sklearn.tree import DecisionTreeClassifier

    x, y = table(10_000, 50)
    results["tree-fit"] = seconds(lambda: DecisionTreeClassifier().fit(x, y))


def boosting(results):
    import xgboost

    x, y = table(40_000, 50)
    results["boosting-fit"] = seconds(lambda: xgboost.XGBClassifier(n_estimators=100, n_jobs=2, tree_method="hist", learning_rate=0.1).fit(x, y))


def knn(results):
    from sklearn.neighbors import KNeighborsClassifier

    x, y = table(10_000, 50)
    x = x.astype(np.float32)
    fitted = KNeighborsClassifier(5, algorithm="brute").fit(x, y)
    results["knn"] = seconds(lambda: fitted.predict_proba(x))


def clusters(results):
    from sklearn.cluster import KMeans
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    random = np.random.default_rng(2)
    rows, columns = np.arange(40_000)[:, None] % 12, np.arange(20)[None, :]
    x = rows * (columns + 3) % 7 * 0.5 + random.random((40_000, 20, 4)).sum(-1) * 1.7 - 3.4
    for threads in [1, 2]:
        with threadpool_limits(threads):
            results[f"kmeans-{threads}"] = seconds(lambda: KMeans(12, n_init=1, max_iter=30, tol=0).fit(x))
            results[f"mixture-{threads}"] = seconds(lambda: GaussianMixture(12, max_iter=10, tol=0).fit(x), 2)


if __name__ == "__main__":
    tasks = {"forest": forest, "tree": tree, "boosting": boosting, "knn": knn, "clusters": clusters}
    results = {}
    for name in sys.argv[1:] or tasks:
        tasks[name](results)
    print(json.dumps(results))
