"""The peers of RecipeBenchmark.swift: scikit-learn and imbalanced-learn on the same shapes. Prints JSON: seconds, one row in microseconds.

Usage: OMP_NUM_THREADS=1 python Benchmarks/recipes.py [THREADS]
"""
import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE, BorderlineSMOTE
from sklearn.compose import ColumnTransformer
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

warnings.filterwarnings("ignore")
threads = int(sys.argv[1]) if len(sys.argv) > 1 else 1


def best(repeats, body):
    least = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        body()
        least = min(least, time.perf_counter() - start)
    return least


rng = np.random.default_rng(1)
y = (np.arange(100_000) % 20 == 0).astype(int)
x = rng.normal(size=(100_000, 30))
x[y == 1, :5] += 0.8
latent = rng.normal(size=(5000, 10))
gaps = latent @ rng.normal(size=(10, 50)) + 0.3 * rng.normal(size=(5000, 50))
gaps[rng.random(gaps.shape) < 0.1] = np.nan
results = {
    "smote": best(3, lambda: SMOTE(k_neighbors=NearestNeighbors(n_neighbors=6, n_jobs=threads), random_state=0).fit_resample(x, y)),
    "borderline": best(3, lambda: BorderlineSMOTE(
        k_neighbors=NearestNeighbors(n_neighbors=6, n_jobs=threads), m_neighbors=NearestNeighbors(n_neighbors=11, n_jobs=threads),
        random_state=0).fit_resample(x, y)),
    "knn-imputer": best(2, lambda: KNNImputer().fit_transform(gaps)),
    "iterative-imputer": best(2, lambda: IterativeImputer(max_iter=3, tol=0).fit_transform(gaps)),
}
n = rng.normal(size=(2000, 10))
n[rng.random(n.shape) < 0.1] = np.nan
c = np.char.add("level ", rng.integers(0, 8, (2000, 5)).astype(str)).astype(object)
numbers, texts = [f"n{i}" for i in range(10)], [f"c{i}" for i in range(5)]
frame = pd.concat([pd.DataFrame(n, columns=numbers), pd.DataFrame(c, columns=texts)], axis=1)
pipeline = ColumnTransformer([
    ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
    ("texts", OneHotEncoder(handle_unknown="ignore", sparse_output=False), texts),
]).fit(frame)
rows = [frame.iloc[i:i + 1] for i in range(200)]
results["row"] = best(3, lambda: [pipeline.transform(r) for r in rows]) * 1e6 / len(rows)
# The same without data frames: what a careful engineer would serve.
a = make_pipeline(SimpleImputer(strategy="median"), StandardScaler()).fit(n)
b = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(c)
results["row, arrays"] = best(3, lambda: [np.hstack([a.transform(n[i:i + 1]), b.transform(c[i:i + 1])]) for i in range(200)]) * 1e6 / 200
print(json.dumps(results))
