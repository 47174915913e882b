#!/usr/bin/env python3
"""Reference values for the data checks: tail probabilities and moments from scipy, quantiles from numpy."""

import json
import pathlib

import numpy as np
from scipy import stats

OUT = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "TablesTests" / "Fixtures"


def main():
    random = np.random.default_rng(20261121)
    result = {
        "chiSquared": [
            {"x": x, "degrees": d, "p": float(stats.chi2.sf(x, d))}
            for x in (0.001, 0.5, 3.84, 10.0, 50.0, 200.0) for d in (1, 2, 5, 9, 30, 100)
        ],
        "binomial": [
            {"successes": k, "trials": n, "rate": r, "p": float(stats.binom.sf(k - 1, n, r))}
            for n, k in ((10, 1), (10, 3), (100, 5), (1000, 12), (100000, 250), (2000000, 4100)) for r in (0.0001, 0.002, 0.03, 0.5)
        ],
    }
    cases = []
    for _ in range(12):
        columns = int(random.integers(2, 7))
        first = random.multinomial(int(random.integers(80, 900)), random.dirichlet(np.ones(columns) * 4))
        second = random.multinomial(int(random.integers(80, 900)), random.dirichlet(np.ones(columns) * 4))
        table = np.array([first, second])
        # Only tables whose cells need no pooling can be compared with scipy's.
        if stats.contingency.expected_freq(table[:, table.sum(0) > 0]).min() >= 5 and (table.sum(0) > 0).all():
            p = stats.chi2_contingency(table, correction=False).pvalue
            cases.append({"first": first.tolist(), "second": second.tolist(), "p": float(p)})
    result["homogeneity"] = cases
    values = np.round(random.gamma(1.5, 20.0, 500), 4)
    shares = [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.99, 1]
    result["moments"] = {
        "values": values.tolist(), "mean": float(values.mean()), "variance": float(values.var(ddof=1)),
        "skewness": float(stats.skew(values)), "shares": shares, "quantiles": np.quantile(values, shares).tolist(),
    }
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "checks.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
