"""Writes Tests/RecipesTests/Fixtures/preparation.json: preparation as scikit-learn 1.9.1 does it.

A case names its tables, its recipe as martlet.yml would write it, and holds the values of the training rows and of other rows.
Run with the project's Python environment: python Tools/fixtures_recipes.py
"""
import base64
import json
import math
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn import feature_extraction, feature_selection, impute, linear_model, model_selection, preprocessing
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.feature_selection import _mutual_info
from sklearn.pipeline import make_pipeline

assert sklearn.__version__ == "1.9.1", sklearn.__version__
warnings.filterwarnings("ignore")
OUT = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "RecipesTests" / "Fixtures"
tables, cases = {}, []


def number(value):
    value = float(value)
    return None if math.isnan(value) else value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")


def table(name, **columns):
    tables[name] = [
        {"name": key, "values": [None if v is None else v if isinstance(v, (str, bool)) else number(v) for v in values]}
        for key, values in columns.items()
    ]


def frame(name):
    return np.array([[np.nan if v is None else v for v in c["values"]] for c in tables[name]], dtype=float).T


def words(name):
    return np.array([c["values"] for c in tables[name]], dtype=object).T


def case(name, recipe, train, test, expected_train=None, expected_test=None, tolerance=1e-12, **more):
    def matrix(m):
        if m is None:
            return None
        m = np.asarray(m.todense() if hasattr(m, "todense") else m, dtype="<f8")
        # Mostly zeros by their places; whole numbers as they are, others as base64 of their bytes: half the size, and exact.
        flat, made = m.ravel(), {"shape": m.shape}
        at = np.flatnonzero(flat)
        if len(at) * 3 < m.size:
            made["at"], flat = at.tolist(), flat[at]
        if np.all(flat == np.round(flat)) and np.all(np.abs(flat) < 1000):
            return made | {"whole": flat.astype(int).tolist()}
        return made | {"bytes": base64.b64encode(flat.tobytes()).decode()}

    cases.append(
        {"name": name, "recipe": recipe, "train": train, "test": test, "tolerance": tolerance,
         "expectedTrain": matrix(expected_train), "expectedTest": matrix(expected_test), **more})


rng = np.random.default_rng(4)


def numeric(rows, missing):
    x = np.column_stack([
        rng.normal(50, 12, rows).round(3), rng.lognormal(1, 1, rows).round(4), rng.integers(0, 5, rows).astype(float), np.full(rows, 3.5),
        rng.normal(-2, 1e-3, rows).round(6),
    ])
    if missing:
        x[rng.random(x.shape) < 0.15] = np.nan
    return x


def numbers(name, x):
    table(name, **{f"x{i}": x[:, i] for i in range(x.shape[1])})


numbers("clean", numeric(20, False))
numbers("clean2", numeric(5, False))
numbers("holes", numeric(20, True))
numbers("holes2", numeric(5, True))
numbers("one", numeric(1, False))
numbers("large", rng.normal(1e8, 1, (12, 2)))
weights = rng.integers(0, 4, 20).astype(float)
weights[0] = 2
tables["weighted all"] = tables["clean"] + [{"name": "w", "values": (weights + 1).tolist()}]
tables["weighted"] = tables["clean"] + [{"name": "w", "values": weights.tolist()}]

# Scalers -------------------------------------------------------------------------------------------------------------
scalers = [
    ("standard-scale", {}, preprocessing.StandardScaler()),
    ("standard-scale", {"with-mean": False}, preprocessing.StandardScaler(with_mean=False)),
    ("standard-scale", {"with-deviation": False}, preprocessing.StandardScaler(with_std=False)),
    ("robust-scale", {}, preprocessing.RobustScaler()),
    ("robust-scale", {"quantiles": [10, 80], "unit-variance": True},
     preprocessing.RobustScaler(quantile_range=(10, 80), unit_variance=True)),
    ("robust-scale", {"centering": False}, preprocessing.RobustScaler(with_centering=False)),
    ("robust-scale", {"scaling": False}, preprocessing.RobustScaler(with_scaling=False)),
    ("min-max-scale", {}, preprocessing.MinMaxScaler()),
    ("min-max-scale", {"lower": -2, "upper": 3}, preprocessing.MinMaxScaler((-2, 3))),
    ("min-max-scale", {"clip": True}, preprocessing.MinMaxScaler(clip=True)),
    ("max-abs-scale", {}, preprocessing.MaxAbsScaler()),
    ("quantile-scale", {"quantiles": 10}, preprocessing.QuantileTransformer(n_quantiles=10)),
    ("quantile-scale", {"quantiles": 20}, preprocessing.QuantileTransformer(n_quantiles=20)),
    ("quantile-scale", {"quantiles": 10, "distribution": "normal"},
     preprocessing.QuantileTransformer(n_quantiles=10, output_distribution="normal")),
    ("quantile-scale", {"quantiles": 1000, "distribution": "normal"},
     preprocessing.QuantileTransformer(n_quantiles=1000, output_distribution="normal")),
]
for step, settings, estimator in scalers:
    for train, test in [("clean", "clean2"), ("holes", "holes2"), ("one", "clean2"), ("large", "large")]:
        if train == "one" and step == "quantile-scale":
            continue
        estimator = sklearn.base.clone(estimator)
        case(f"{step} {settings} on {train}", [{step: settings}], train, test,
             estimator.fit_transform(frame(train)), estimator.transform(frame(test)),
             # One unit in the last place of 1e8 is 1.5e-8.
             1e-7 if train == "large" else 1e-12)
scaler = preprocessing.StandardScaler().fit(frame("clean"), sample_weight=weights)
case("standard-scale weighted", ["standard-scale"], "weighted", "clean2", scaler.transform(frame("clean")),
     scaler.transform(frame("clean2")), weights="w")
for norm in ("l1", "l2", "max"):
    n = preprocessing.Normalizer(norm=norm)
    case(f"normalize-rows {norm}", [{"normalize-rows": {"norm": norm}}], "clean", "clean2", n.transform(frame("clean")),
         n.transform(frame("clean2")))

numbers("positive", np.column_stack([rng.lognormal(0, 0.8, 30), rng.gamma(2, 3, 30)]))
numbers("any", np.column_stack([rng.standard_t(4, 30), rng.lognormal(0, 1, 30) - 1, np.full(30, 2.0)]))
for method, name in (("box-cox", "positive"), ("yeo-johnson", "any"), ("yeo-johnson", "positive")):
    for standardize in (True, False):
        e = preprocessing.PowerTransformer(method=method, standardize=standardize).fit(frame(name))
        settings = {"method": method, "standardize": standardize}
        case(f"power-scale {settings} on {name}", [{"power-scale": settings}], name, name, e.transform(frame(name)), None, 2e-6)
        case(f"power-scale {settings} on {name}, powers given", [{"power-scale": settings | {"powers": e.lambdas_.tolist()}}], name, name,
             e.transform(frame(name)), None, 1e-12)
x = frame("clean")
lower, upper = np.percentile(x, 5, axis=0), np.percentile(x, 90, axis=0)
case("clip by quantiles", [{"clip": {"lower-quantile": 0.05, "upper-quantile": 0.9}}], "clean", "clean2", np.clip(x, lower, upper),
     np.clip(frame("clean2"), lower, upper))
case("clip by limits", [{"clip": {"lower": 0, "upper": 10}}], "clean", "clean2", np.clip(x, 0, 10), np.clip(frame("clean2"), 0, 10))
case("log plus one", [{"log": {"columns": ["x1"]}}], "clean", "clean2", np.column_stack([x[:, 0], np.log1p(x[:, 1]), x[:, 2:]]))
case("log signed", [{"log": {"form": "signed"}}], "clean", "clean2", np.sign(x) * np.log1p(np.abs(x)))

# Bins ----------------------------------------------------------------------------------------------------------------
for strategy in ("uniform", "quantile", "kmeans"):
    for encode in ("ordinal", "onehot-dense"):
        for method in (("averaged_inverted_cdf", "linear") if strategy == "quantile" else ("averaged_inverted_cdf",)):
            for bins in (2, 5):
                e = preprocessing.KBinsDiscretizer(bins, strategy=strategy, encode=encode, quantile_method=method, subsample=None)
                settings = {"count": bins, "strategy": strategy.replace("kmeans", "k-means"),
                            "encoding": encode.replace("onehot-dense", "one-hot"), "quantile-method": method.replace("_", "-")}
                case(f"bins {settings}", [{"bins": settings}], "clean", "clean2", e.fit_transform(frame("clean")),
                     e.transform(frame("clean2")))
    e = preprocessing.KBinsDiscretizer(4, strategy=strategy, encode="ordinal", quantile_method="averaged_inverted_cdf", subsample=None)
    name = "weighted all" if strategy == "kmeans" else "weighted"
    # The whole numbers of x2 lie as near to one centre as to the next.
    a, b = (np.delete(frame(n), 2, axis=1) for n in ("clean", "clean2"))
    e.fit(a, sample_weight=weights + (strategy == "kmeans"))
    case(f"bins weighted {strategy}", [{"drop": ["x2"]}, {"bins": {"count": 4, "strategy": strategy.replace("kmeans", "k-means")}}], name,
         "clean2", e.transform(a), e.transform(b), weights="w")

# Imputers ------------------------------------------------------------------------------------------------------------
x = frame("holes")
numbers("empty", np.column_stack([x[:, 0], np.full(20, np.nan), x[:, 2]]))
numbers("empty2", np.column_stack([frame("holes2")[:, 0], np.full(5, 1.0), frame("holes2")[:, 2]]))
for strategy in ("mean", "median", "most_frequent", "constant"):
    for indicator in (False, True):
        for keep in (False, True):
            for train, test in (("holes", "holes2"), ("empty", "empty2")):
                e = impute.SimpleImputer(strategy=strategy, add_indicator=indicator, keep_empty_features=keep,
                                         fill_value=-7 if strategy == "constant" else None)
                settings = {"strategy": strategy.replace("_", "-"), "indicator": indicator, "keep-empty": keep}
                if strategy == "constant":
                    settings["fill"] = -7
                case(f"impute {settings} on {train}", [{"impute": settings}], train, test, e.fit_transform(frame(train)),
                     e.transform(frame(test)))

# Encoders ------------------------------------------------------------------------------------------------------------
cities = ["Köln", "北京", "São Paulo", "Zürich", "oslo", "Ōsaka"]
levels = ["low", "mid", "high"]


def cats(rows, extra=(), missing=True):
    return {
        "city": [None if missing and rng.random() < 0.1 else rng.choice(cities + list(extra), p=None) for _ in range(rows)],
        "level": [str(v) for v in rng.choice(levels, rows, p=[0.7, 0.2, 0.1])],
        "flag": [bool(v) for v in rng.random(rows) < 0.4],
    }


table("cats", **cats(40))
table("cats2", **cats(12, ["Nowhere"]))
table("single", **{"only": ["a"] * 8})
table("single2", **{"only": ["a", "b", None]})


def onehot(train, test, settings, columns, **kw):
    e = preprocessing.OneHotEncoder(sparse_output=False, **kw)
    a = words(train)[:, columns]
    b = words(test)[:, columns]
    names = [tables[train][i]["name"] for i in columns]
    case(f"one-hot {settings} on {names}", [{"drop": [c["name"] for i, c in enumerate(tables[train]) if i not in columns]},
                                            {"one-hot": {"columns": names} | settings}],
         train, test, e.fit_transform(a), e.transform(b))


onehot("cats", "cats2", {"unknown": "ignore"}, [0], handle_unknown="ignore")
onehot("cats", "cats2", {"unknown": "ignore"}, [0, 1], handle_unknown="ignore")
onehot("cats", "cats2", {"unknown": "ignore", "sparse": True}, [0, 1], handle_unknown="ignore")
onehot("cats", "cats2", {"drop": "if-binary", "unknown": "ignore"}, [1, 2], handle_unknown="ignore", drop="if_binary")
onehot("cats", "cats2", {"drop": "first", "unknown": "ignore"}, [0, 1, 2], handle_unknown="ignore", drop="first")
onehot("single", "single2", {"unknown": "ignore"}, [0], handle_unknown="ignore")
for frequency in (5, 9, 10, 0.15, 0.2, 40):
    onehot("cats", "cats2", {"min-frequency": frequency}, [0, 1], handle_unknown="infrequent_if_exist", min_frequency=frequency)
for most in (1, 2, 3, 5):
    onehot("cats", "cats2", {"max-categories": most}, [0, 1], handle_unknown="infrequent_if_exist", max_categories=most)
onehot("cats", "cats2", {"min-frequency": 9, "max-categories": 4}, [0], handle_unknown="infrequent_if_exist", min_frequency=9,
       max_categories=4)
table("codes", **{"c": [1.0, 2.0, 10.0, 2.5, 1.0, None, 2.0]})
table("codes2", **{"c": [10.0, 3.0, None, 1.0]})
onehot("codes", "codes2", {"unknown": "ignore"}, [0], handle_unknown="ignore")

def holes(name):
    """Only NaN is missing to an ordinal encoder; None is a category."""
    return np.array([[np.nan if v is None else v for v in row] for row in words(name)], dtype=object)


e = preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
case("ordinal", [{"ordinal": {"columns": ["city", "level", "flag"]}}], "cats", "cats2", e.fit_transform(holes("cats")),
     e.transform(holes("cats2")))
e = preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
case("ordinal with values", [{"ordinal": {"columns": ["city", "level", "flag"], "unknown-value": -1, "missing-value": -2}}], "cats", "cats2",
     e.fit_transform(holes("cats")), e.transform(holes("cats2")))
e = preprocessing.OrdinalEncoder(categories=[levels])
case("ordinal in a given order", [{"drop": ["city", "flag"]}, {"ordinal": {"columns": ["level"], "categories": {"level": levels}}}], "cats",
     "cats2", e.fit_transform(words("cats")[:, [1]]), e.transform(words("cats2")[:, [1]]))

y2 = (rng.random(40) < 0.4).astype(int)
y3 = rng.integers(0, 3, 40)
yr = rng.normal(10, 3, 40).round(4)
for label, y, values in (("binary", y2, [["no", "yes"][v] for v in y2]), ("multiclass", y3, [["a", "b", "c"][v] for v in y3]),
                         ("regression", yr, yr)):
    tables[f"cats {label}"] = tables["cats"] + [{"name": "y", "values": [v if isinstance(v, str) else number(v) for v in values]}]
    for smooth in ("auto", 0.0, 3.5):
        for folds in (3, 5):
            cv = (model_selection.KFold if label == "regression" else model_selection.StratifiedKFold)(folds)
            e = preprocessing.TargetEncoder(smooth=smooth, cv=cv)
            train = e.fit_transform(words("cats"), y)
            settings = {"columns": ["city", "level", "flag"], "folds": folds, "shuffle": False}
            if smooth != "auto":
                settings["smooth"] = smooth
            case(f"target-encode {label} {settings}", [{"target-encode": settings}], f"cats {label}", "cats2", train,
                 e.transform(words("cats2")), target="y")


def by_category(column, test, function, unknown, missing_known=True):
    keys = ["\0" if v is None else v for v in words("cats")[:, column]]
    values = {k: function(np.array([a == k for a in keys])) for k in set(keys)}
    return [values.get("\0" if v is None else v, unknown) for v in words(test)[:, column]]


columns = ["city", "level", "flag"]
case("count-encode", [{"count-encode": {"columns": columns}}], "cats", "cats2",
     np.column_stack([by_category(c, "cats", np.sum, 0) for c in range(3)]),
     np.column_stack([by_category(c, "cats2", np.sum, 0) for c in range(3)]))
case("count-encode share", [{"count-encode": {"columns": columns, "share": True}}], "cats", "cats2",
     np.column_stack([by_category(c, "cats", np.mean, 0) for c in range(3)]),
     np.column_stack([by_category(c, "cats2", np.mean, 0) for c in range(3)]))
for reg in (1.0, 0.5):
    def evidence(mask, reg=reg):
        return np.log(((y2[mask].sum() + reg) / (y2.sum() + 2 * reg)) / (((1 - y2)[mask].sum() + reg) / ((1 - y2).sum() + 2 * reg)))
    case(f"weight-of-evidence {reg}", [{"weight-of-evidence": {"columns": columns, "regularization": reg}}], "cats binary", "cats2", None,
         np.column_stack([by_category(c, "cats2", evidence, 0) for c in range(3)]), target="y")
loo_train = []
for c in range(3):
    keys = ["\0" if v is None else v for v in words("cats")[:, c]]
    out = []
    for i, k in enumerate(keys):
        others = [j for j in range(40) if keys[j] == k and j != i]
        out.append(np.mean(yr[others]) if others else yr.mean())
    loo_train.append(out)
case("leave-one-out-encode", [{"leave-one-out-encode": {"columns": columns}}], "cats regression", "cats2", np.column_stack(loo_train),
     np.column_stack([by_category(c, "cats2", lambda m: yr[m].mean(), yr.mean()) for c in range(3)]), target="y")
ordered = []
for c in range(3):
    keys = ["\0" if v is None else v for v in words("cats")[:, c]]
    ordered.append([
        (sum(yr[j] for j in range(i) if keys[j] == k) + 2 * yr.mean()) / (sum(keys[j] == k for j in range(i)) + 2) for i, k in enumerate(keys)
    ])
case("ordered-encode", [{"ordered-encode": {"columns": columns, "prior": 2, "shuffle": False}}], "cats regression", "cats2",
     np.column_stack(ordered),
     np.column_stack([by_category(c, "cats2", lambda m: (yr[m].sum() + 2 * yr.mean()) / (m.sum() + 2), yr.mean()) for c in range(3)]),
     target="y")
for features, sign in ((8, True), (64, False), (300, True)):
    h = feature_extraction.FeatureHasher(features, input_type="string", alternate_sign=sign)
    terms = lambda name: [[f"{n}={v}" for n, v in zip(columns[:2], row[:2]) if v is not None] for row in words(name)]
    case(f"hash-categories {features} {sign}",
         [{"drop": ["flag"]}, {"hash-categories": {"columns": columns[:2], "features": features, "alternate-sign": sign}}], "cats", "cats2",
         h.transform(terms("cats")), h.transform(terms("cats2")))

# Texts ---------------------------------------------------------------------------------------------------------------
texts = [
    "The quick brown fox jumps over the lazy dog.", "A fox! A quick_fox, and 42 dogs…", "Ärger über Öl im  Straßenverkehr",
    "机器学习平台需要数据", "数据 平台 与 机器", "naïve café déjà vu", "", "   ", "the the the dog", "İstanbul ǅungla ﬁne x²",
]
other = ["the dog and the fox", "数据学习", "nothing known here zzz", None, "Cafe\u0301 OL"]
table("texts", t=texts)
table("texts2", t=other)
plain = lambda name: [v or "" for v in tables[name][0]["values"]]
variants = [
    ({}, {}),
    ({"ngrams": [1, 2]}, {"ngram_range": (1, 2)}),
    ({"ngrams": [2, 3]}, {"ngram_range": (2, 3)}),
    ({"sublinear": True}, {"sublinear_tf": True}),
    ({"norm": "l1"}, {"norm": "l1"}),
    ({"norm": "none", "use-idf": False}, {"norm": None, "use_idf": False}),
    ({"binary": True, "smooth-idf": False}, {"binary": True, "smooth_idf": False}),
    ({"lowercase": False}, {"lowercase": False}),
    ({"strip-accents": True}, {"strip_accents": "unicode"}),
    ({"min-documents": 2}, {"min_df": 2}),
    ({"max-documents": 0.2}, {"max_df": 0.2}),
    ({"stop-words": ["the", "and", "a"], "ngrams": [1, 2]}, {"stop_words": ["the", "and", "a"], "ngram_range": (1, 2)}),
    ({"max-features": 1}, {"max_features": 1}),
    ({"unit": "characters", "ngrams": [1, 1]}, {"analyzer": "char", "ngram_range": (1, 1)}),
    ({"unit": "characters", "ngrams": [2, 3]}, {"analyzer": "char", "ngram_range": (2, 3)}),
    ({"unit": "characters-in-words", "ngrams": [2, 4]}, {"analyzer": "char_wb", "ngram_range": (2, 4)}),
]
for settings, arguments in variants:
    if settings.get("unit") and settings["ngrams"][1] > 1:
        small = texts[3:6]
        table("texts small", t=small)
        train = "texts small"
    else:
        train = "texts"
    e = TfidfVectorizer(**arguments)
    fitted = e.fit_transform(plain(train))
    case(f"tf-idf {settings}", [{"tf-idf": settings | {"columns": ["t"]}}], train, "texts2", fitted, e.transform(plain("texts2")),
         names=["t_" + n for n in e.get_feature_names_out()] if len(e.get_feature_names_out()) < 60 else None)
for settings, arguments in [
    ({}, {}), ({"alternate-sign": False, "norm": "l1"}, {"alternate_sign": False, "norm": "l1"}),
    ({"norm": "none", "binary": True}, {"norm": None, "binary": True}),
    ({"unit": "characters", "ngrams": [2, 2]}, {"analyzer": "char", "ngram_range": (2, 2)}),
]:
    e = HashingVectorizer(n_features=32, **arguments)
    case(f"hash-text {settings}", [{"hash-text": settings | {"columns": ["t"], "features": 32}}], "texts", "texts2",
         e.transform(plain("texts")), e.transform(plain("texts2")))

# Construction --------------------------------------------------------------------------------------------------------
numbers("small", frame("clean")[:12, :3])
numbers("small2", frame("clean2")[:4, :3])
for degree in (1, 2, 3):
    for interactions in (False, True):
        for bias in (False, True):
            e = preprocessing.PolynomialFeatures(degree, interaction_only=interactions, include_bias=bias)
            settings = {"degree": degree, "interactions-only": interactions, "bias": bias}
            e.fit(frame("small"))
            case(f"polynomial {settings}", [{"polynomial": settings}], "small", "small2", e.transform(frame("small")),
                 e.transform(frame("small2")), names=list(e.get_feature_names_out(["x0", "x1", "x2"])))

# Selection -----------------------------------------------------------------------------------------------------------
base = rng.normal(0, 1, (40, 5)).round(4)
select = np.column_stack([base[:, 0], base[:, 1] * 3 + 1, np.full(40, 2.0), np.round(base[:, 3]), base[:, 0] + 0.1 * base[:, 4]])
yc = (base[:, 0] + 0.5 * base[:, 3] > 0).astype(int) + (base[:, 1] > 1)
yv = base[:, 0] * 2 - base[:, 1] + rng.normal(0, 0.3, 40).round(4)
numbers("select", select)
tables["select c"] = tables["select"] + [{"name": "y", "values": ["abc"[v] for v in yc]}]
tables["select r"] = tables["select"] + [{"name": "y", "values": yv.tolist()}]
for threshold in (0.0, 0.5, 1.2):
    e = feature_selection.VarianceThreshold(threshold)
    case(f"select-variance {threshold}", [{"select-variance": {"threshold": threshold}}], "select", "select", e.fit_transform(select))
e = feature_selection.VarianceThreshold(0.5)
case("select-variance with holes", [{"select-variance": {"threshold": 0.5}}], "holes", "holes2", e.fit_transform(frame("holes")),
     e.transform(frame("holes2")))
for k in (1, 2, 3, 4):
    e = feature_selection.SelectKBest(feature_selection.f_classif, k=k)
    case(f"select-best f classes {k}", [{"select-best": {"count": k}}], "select c", "select", e.fit_transform(select, yc), target="y",
         scores=[number(v) for v in e.scores_])
    e = feature_selection.SelectKBest(feature_selection.f_regression, k=k)
    case(f"select-best f values {k}", [{"select-best": {"count": k}}], "select r", "select", e.fit_transform(select, yv), target="y",
         scores=[number(v) for v in e.scores_])
positive = np.abs(select)
numbers("counts", positive)
tables["counts c"] = tables["counts"] + [{"name": "y", "values": ["abc"[v] for v in yc]}]
for percent in (20, 40, 60):
    e = feature_selection.SelectPercentile(feature_selection.chi2, percentile=percent)
    case(f"select-best chi-squared {percent}", [{"select-best": {"score": "chi-squared", "percent": percent}}], "counts c", "counts",
         e.fit_transform(positive, yc), target="y", scores=[number(v) for v in e.scores_])


def scaled(v):
    s = v.std()
    return v / s if s > 0 else v


smooth = np.column_stack([base[:, 0], base[:, 1], base[:, 4], rng.normal(0, 1, 40).round(4),
                          base[:, 0] + rng.normal(0, 0.5, 40).round(4)])
numbers("smooth", smooth)
yb = (base[:, 0] + 0.3 * base[:, 2] > 0).astype(int)
tables["smooth b"] = tables["smooth"] + [{"name": "y", "values": ["ab"[v] for v in yb]}]
tables["smooth r"] = tables["smooth"] + [{"name": "y", "values": yv.tolist()}]
for neighbours in (3, 5):
    # Two large classes: for small ones scikit-learn measures distances by a product, whose rounding counts neighbours wrongly.
    s = [_mutual_info._compute_mi_cd(scaled(smooth[:, j]), yb, neighbours) for j in range(5)]
    best = sorted(np.argsort(s, kind="mergesort")[-2:])
    case(f"select-best mutual information, classes {neighbours}",
         [{"select-best": {"score": "mutual-information", "count": 2, "neighbours": neighbours}}], "smooth b", "smooth", smooth[:, best],
         target="y", scores=[number(v) for v in s])
    s = [_mutual_info._compute_mi_cc(scaled(smooth[:, j]), scaled(yv), neighbours) for j in range(5)]
    best = sorted(np.argsort(s, kind="mergesort")[-2:])
    case(f"select-best mutual information, values {neighbours}",
         [{"select-best": {"score": "mutual-information", "count": 2, "neighbours": neighbours}}], "smooth r", "smooth", smooth[:, best],
         target="y", scores=[number(v) for v in s])
s = feature_selection.mutual_info_classif(preprocessing.OrdinalEncoder().fit_transform(words("cats")[:, [1, 2]].astype(str)), y2,
                                          discrete_features=True)
case("select-best mutual information of categories",
     [{"drop": ["city"]}, {"ordinal": {"columns": ["level", "flag"]}}, {"select-best": {"score": "mutual-information", "count": 2}}],
     "cats binary", "cats2", None, target="y", scores=[number(v) for v in s])
for threshold in ("mean", "median", "0.5*mean"):
    e = feature_selection.SelectFromModel(linear_model.LinearRegression(), threshold=threshold)
    case(f"select-from-model {threshold}", [{"select-from-model": {"importance": "least-squares", "threshold": threshold}}], "smooth r",
         "smooth", e.fit_transform(smooth, yv), target="y")
for keep, step in ((1, 1), (3, 1), (2, 2), (None, 0.4)):
    e = feature_selection.RFE(linear_model.LinearRegression(), n_features_to_select=keep, step=step)
    settings = {"importance": "least-squares", "step": step} | ({"keep": keep} if keep else {})
    case(f"eliminate {settings}", [{"eliminate": settings}], "smooth r", "smooth", e.fit_transform(smooth, yv), target="y",
         scores=[number(v) for v in e.ranking_])

# Projections ---------------------------------------------------------------------------------------------------------
numbers("smooth2", rng.normal(0, 1, (7, 5)))
for count, whiten in ((2, False), (5, False), (3, True), (0.9, False)):
    e = PCA(count, whiten=whiten, svd_solver="full")
    settings = {"whiten": whiten} | ({"components": count} if count >= 1 else {"variance": count})
    case(f"pca {settings}", [{"pca": settings}], "smooth", "smooth2", e.fit_transform(frame("smooth")), e.transform(frame("smooth2")), 1e-10)
numbers("wide", rng.normal(0, 1, (4, 6)))
e = PCA(3, svd_solver="full")
case("pca of a wide table", [{"pca": {"components": 3}}], "wide", "wide", e.fit_transform(frame("wide")), None, 1e-10)
corpus = [" ".join(rng.choice(["red", "green", "blue", "fish", "bird", "tree", "stone", "river"], rng.integers(3, 12),
                              p=[.3, .2, .15, .1, .1, .06, .05, .04])) for _ in range(40)]
table("corpus", t=corpus)
table("corpus2", t=["red fish blue fish", "tree by the river", "unknown"])
v = TfidfVectorizer()
m = v.fit_transform(corpus)
e = TruncatedSVD(3, algorithm="arpack")
case("truncated-svd", [{"tf-idf": {"columns": ["t"]}}, {"truncated-svd": {"components": 3}}], "corpus", "corpus2", e.fit_transform(m),
     e.transform(v.transform(plain("corpus2"))), 1e-8)

# Learned imputers ----------------------------------------------------------------------------------------------------
latent = rng.normal(0, 1, (24, 3))
full = latent @ rng.normal(0, 1, (3, 6)) + rng.normal(0, 0.1, (24, 6))
full = full.round(4)
gaps = full.copy()
gaps[rng.random(gaps.shape) < 0.15] = np.nan
gaps2 = (rng.normal(0, 1, (6, 3)) @ rng.normal(0, 1, (3, 6))).round(4)
gaps2[rng.random(gaps2.shape) < 0.2] = np.nan
gaps2[0, :] = np.nan
numbers("gaps", gaps)
numbers("gaps2", gaps2)
for neighbours in (1, 3, 5, 50):
    for weighting in ("uniform", "distance"):
        for indicator in (False, True) if neighbours == 3 else (False,):
            e = impute.KNNImputer(n_neighbors=neighbours, weights=weighting, add_indicator=indicator)
            settings = {"neighbours": neighbours, "weighting": weighting, "indicator": indicator}
            case(f"impute-neighbours {settings}", [{"impute-neighbours": settings}], "gaps", "gaps2", e.fit_transform(gaps),
                 e.transform(gaps2), 1e-10)
for rounds in (1, 3, 10):
    for order in ("ascending", "descending", "roman", "arabic"):
        e = impute.IterativeImputer(max_iter=rounds, imputation_order=order)
        settings = {"rounds": rounds, "order": order}
        case(f"impute-iteratively {settings}", [{"impute-iteratively": settings}], "gaps", "gaps2", e.fit_transform(gaps),
             e.transform(gaps2), 1e-6)
e = impute.IterativeImputer(max_iter=4, initial_strategy="median", min_value=-1.5, max_value=1.5, add_indicator=True, skip_complete=True)
case("impute-iteratively with limits",
     [{"impute-iteratively": {"rounds": 4, "initial": "median", "lower": -1.5, "upper": 1.5, "indicator": True, "skip-complete": True}}],
     "gaps", "gaps2", e.fit_transform(gaps), e.transform(gaps2), 1e-6)
few = full[:5].copy()
few[0, 1] = few[2, 4] = np.nan
numbers("few", few)
e = impute.IterativeImputer(max_iter=3)
case("impute-iteratively fewer rows than columns", [{"impute-iteratively": {"rounds": 3}}], "few", "few", e.fit_transform(few), None, 1e-6)

# Whole recipes -------------------------------------------------------------------------------------------------------
mixed = {"age": [None if rng.random() < 0.1 else float(v) for v in rng.integers(18, 90, 40)],
         "income": [None if rng.random() < 0.1 else float(v) for v in np.round(rng.lognormal(10, 1, 40), 2)]}
tables["mixed"] = [{"name": k, "values": v} for k, v in mixed.items()] + tables["cats"][:2]
tables["mixed2"] = [{"name": "age", "values": [33.0, None] + [50.0] * 10}, {"name": "income", "values": [None] + [2e4] * 11}] + tables["cats2"][:2]
both = lambda n: np.array([c["values"] for c in tables[n]], dtype=object).T


def floats(n):
    m = both(n)
    m[:, :2] = [[np.nan if v is None else v for v in row] for row in m[:, :2]]
    return m


class Mixed:
    def run(self, fit, name):
        m = floats(name)
        num, cat = m[:, :2].astype(float), m[:, 2:]
        if fit:
            self.a = make_pipeline(impute.SimpleImputer(strategy="median"), preprocessing.StandardScaler()).fit(num)
            self.b = preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(cat)
        return np.column_stack([self.a.transform(num), self.b.transform(cat)])


pipeline = Mixed()
case("impute, scale, one-hot", [{"impute": {"strategy": "median"}}, "standard-scale", {"one-hot": {"columns": ["city", "level"], "unknown": "ignore"}}],
     "mixed", "mixed2", pipeline.run(True, "mixed"), pipeline.run(False, "mixed2"))

OUT.mkdir(parents=True, exist_ok=True)
path = OUT / "preparation.json"
path.write_text(json.dumps({"tables": tables, "cases": cases}, ensure_ascii=False, separators=(",", ":")))
print(len(cases), "cases", path.stat().st_size, "bytes")
