#!/usr/bin/env python3
"""Writes Tests/LearnersTests/Fixtures/learners_isolation.json: what scikit-learn says of forests that leave nothing to chance.

usage: .deps/python/bin/python Tools/fixtures_learners_isolation.py
"""

import json
import pathlib

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.ensemble._iforest import _average_path_length

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "LearnersTests" / "Fixtures"


def main():
    counts = [1, 2, 3, 4, 10, 100, 256, 1000]
    cases = []
    # One feature of two values: any split sets the same rows apart, whatever is drawn.
    for ones, zeros in [(1, 9), (1, 255), (3, 13), (40, 60)]:
        x = np.array([1.0] * ones + [0.0] * zeros)[:, None]
        forest = IsolationForest(n_estimators=5, max_samples=len(x), random_state=0).fit(x)
        scores = -forest.score_samples(np.array([[1.0], [0.0]]))
        cases.append({"ones": ones, "zeros": zeros, "scores": scores.tolist()})
    result = {"counts": counts, "paths": _average_path_length(np.array(counts)).tolist(), "cases": cases}
    (FIXTURES / "learners_isolation.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main()
