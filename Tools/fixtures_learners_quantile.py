#!/usr/bin/env python3
"""Writes Tests/LearnersTests/Fixtures/learners_quantile.json: how well scikit-learn's and LightGBM's boosted quantiles do on diabetes.

usage: .deps/python/bin/python Tools/fixtures_learners_quantile.py
"""

import json
import pathlib
import warnings

import lightgbm
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.metrics import mean_pinball_loss

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "LearnersTests" / "Fixtures"
warnings.filterwarnings("ignore")


def main():
    x, y = load_diabetes(return_X_y=True)
    x, y = x.astype(np.float32), y.astype(np.float32)
    test = np.arange(len(y)) % 3 == 0
    cases = []
    for level in [0.1, 0.5, 0.9]:
        ours = GradientBoostingRegressor(loss="quantile", alpha=level, n_estimators=60, learning_rate=0.1, max_depth=3, random_state=0)
        light = lightgbm.LGBMRegressor(
            objective="quantile", alpha=level, n_estimators=60, learning_rate=0.1, max_depth=3, num_leaves=8, min_child_samples=1,
            reg_lambda=0, verbosity=-1, n_jobs=1)
        losses = {}
        for name, model in [("scikit-learn", ours), ("lightgbm", light)]:
            model.fit(x[~test], y[~test])
            losses[name] = {
                part: mean_pinball_loss(y[rows], model.predict(x[rows]), alpha=level) for part, rows in [("train", ~test), ("test", test)]
            }
        cases.append({"level": level, **losses})
    (FIXTURES / "learners_quantile.json").write_text(json.dumps(cases))


if __name__ == "__main__":
    main()
