"""Writes a table that is larger than memory, to show that Martlet profiles it, learns from it and predicts it in a bounded amount.

    .deps/python/bin/python Tools/large_table.py FOLDER [--gigabytes 5] [--seed 1]

FOLDER/large.csv: 12 numbers, 4 categories, a time and the target `bought` (yes or no), every row drawn anew. The best possible area under
the ROC curve, that of the probabilities which the target is drawn from, is printed at the end, so that a model has something to be held to.
"""

import argparse
import os

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv

NUMBERS = [
    "age", "income", "visits", "minutes", "basket", "distance", "rating", "returns", "discount", "tenure", "temperature", "noise",
]
CITIES = [f"city_{place:03d}" for place in range(120)]
CHANNELS = ["search", "mail", "friend", "shop", "advert"]
PLANS = ["basic", "plus", "family", "student"]
DEVICES = [f"device {place}" for place in range(30)]


def block(seed, number, rows):
    """Rows of their own for every number."""
    random = np.random.default_rng([seed, number])
    age = np.round(random.gamma(9, 4.5, rows), 1)
    income = np.round(random.lognormal(7.6, 0.5, rows), 2)
    visits = random.poisson(6, rows)
    minutes = np.round(visits * random.gamma(2, 3, rows), 2)
    basket = np.round(random.lognormal(3.2, 0.8, rows), 2)
    distance = np.round(random.exponential(12, rows), 3)
    rating = random.integers(1, 6, rows)
    returns = random.binomial(4, 0.15, rows)
    discount = np.round(random.beta(2, 8, rows), 4)
    tenure = np.round(random.weibull(1.4, rows) * 30, 2)
    temperature = np.round(random.normal(11, 8, rows), 2)
    noise = np.round(random.normal(0, 1, rows), 4)
    city = random.zipf(1.4, rows) % len(CITIES)
    channel = random.integers(0, len(CHANNELS), rows)
    plan = random.choice(len(PLANS), rows, p=[0.5, 0.25, 0.15, 0.1])
    device = random.integers(0, len(DEVICES), rows)
    seconds = np.sort(random.integers(0, 86_400, rows)) + number * 86_400
    # Something that lines see, something that only trees see.
    score = (
        -1.1 + 0.5 * np.log(basket / 24) + 0.08 * (visits - 6) + 0.35 * (rating - 3) * (plan != 0) - 0.5 * returns + 3.0 * (discount - 0.2)
        + np.array([0.0, -0.5, 0.7, 0.2, -0.3])[channel] + 0.6 * np.sin(city / 7.0) - 0.9 * (distance > 20) * (channel == 3)
        + 0.5 * ((age > 30) & (age < 50))
    )
    chance = 1 / (1 + np.exp(-score))
    bought = random.random(rows) < chance
    gone = random.random(rows) < 0.05
    def numbers(values):
        return pa.array(values)
    columns = {
        "age": numbers(age), "income": pa.array(income, mask=gone), "visits": numbers(visits), "minutes": numbers(minutes),
        "basket": numbers(basket), "distance": numbers(distance), "rating": numbers(rating), "returns": numbers(returns),
        "discount": numbers(discount), "tenure": numbers(tenure), "temperature": numbers(temperature), "noise": numbers(noise),
    }
    for name, codes, words in [("city", city, CITIES), ("channel", channel, CHANNELS), ("plan", plan, PLANS), ("device", device, DEVICES)]:
        columns[name] = pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), words).cast(pa.string())
    columns["seen"] = pa.array(seconds + 1_500_000_000, pa.timestamp("s"))
    columns["bought"] = pa.DictionaryArray.from_arrays(pa.array(bought.astype(np.int32)), ["no", "yes"]).cast(pa.string())
    return pa.table(columns), chance, bought


def area(scores, truth):
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    positive = truth.sum()
    return (ranks[truth].sum() - positive * (positive + 1) / 2) / (positive * (len(truth) - positive))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--gigabytes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--block", type=int, default=500_000, help="rows that are drawn at a time")
    given = parser.parse_args()
    os.makedirs(given.folder, exist_ok=True)
    path, rows, number, best = os.path.join(given.folder, "large.csv"), 0, 0, []
    with open(path, "wb", buffering=1 << 20) as file:
        while file.tell() < given.gigabytes * 1e9:
            table, chance, bought = block(given.seed, number, given.block)
            csv.write_csv(table, file, csv.WriteOptions(include_header=number == 0))
            if number < 4:
                best.append(area(chance, bought))
            rows += given.block
            number += 1
        size = file.tell()
    print(f"{path}: {rows} rows, {size / 1e9:.2f} GB, best possible AUC {np.mean(best):.4f}")


if __name__ == "__main__":
    main()
