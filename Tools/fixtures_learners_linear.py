"""Writes what linear models, machines, naive Bayes, clusters, ensembles and calibration are held against.

Run with the pinned peers of requirements.txt: `python Tools/fixtures_learners_linear.py`.
"""

import json
import pathlib
import warnings

import numpy as np
from scipy import optimize
from sklearn import calibration, cluster, datasets, ensemble, isotonic, linear_model, mixture, naive_bayes, svm

warnings.filterwarnings("ignore")
TARGET = pathlib.Path(__file__).parent.parent / "Tests" / "LearnersTests" / "Fixtures"
rng = np.random.default_rng(7)


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.ravel().tolist())
    if isinstance(value, (np.floating, float)):
        value = float(value)
        return int(value) if value == int(value) and abs(value) < 1e15 else value
    if isinstance(value, np.integer):
        return int(value)
    return value


def write(name, value):
    text = json.dumps(plain(value), separators=(",", ":"), sort_keys=True)
    (TARGET / name).write_text(text + "\n")
    print(name, len(text) >> 10, "KiB")


def subset(loaded, count, classes=True):
    rows = np.sort(np.random.default_rng(3).permutation(len(loaded.target))[:count])
    return loaded.data[rows].astype(float), loaded.target[rows].astype(int if classes else float)


iris = subset(datasets.load_iris(), 150)
wine = subset(datasets.load_wine(), 178)
cancer = subset(datasets.load_breast_cancer(), 200)
digits = subset(datasets.load_digits(), 200)
diabetes = subset(datasets.load_diabetes(scaled=False), 200, classes=False)


def standard(x):
    spread = x.std(axis=0)
    return (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1)


wine_scaled = np.round(standard(wine[0]), 6)
cancer_scaled = np.round(standard(cancer[0]), 6)
diabetes_scaled = np.round(standard(diabetes[0]), 6)
sets = {
    "iris": iris,
    "wine": wine,
    "wine_scaled": (wine_scaled, wine[1]),
    "cancer_scaled": (cancer_scaled, cancer[1]),
    "digits": digits,
    "diabetes": diabetes,
    "diabetes_scaled": (diabetes_scaled, diabetes[1]),
}
def weights_for(y):
    return np.round(np.random.default_rng(5).uniform(0.2, 3, len(y)), 3)


write("learners_sets.json", {
    n: {"rows": len(y), "columns": x.shape[1], "x": x, "y": y, "weights": weights_for(y)} for n, (x, y) in sets.items()
})



def linear_cases():
    x, y = diabetes
    w = weights_for(y)
    cases = []

    def add(kind, settings, model, weighted=False, rank_deficient=False):
        data = np.c_[x, x[:, 0] + 2 * x[:, 1], np.ones(len(x))] if rank_deficient else x
        model.fit(data, y, sample_weight=w if weighted else None)
        cases.append({
            "kind": kind, "settings": settings, "weighted": weighted, "deficient": rank_deficient,
            "coefficients": np.ravel(model.coef_), "intercept": float(model.intercept_),
        })

    for weighted in (False, True):
        for intercept in (True, False):
            add("linear", {"intercept": intercept}, linear_model.LinearRegression(fit_intercept=intercept, tol=1e-14), weighted)
            for alpha in (0.1, 1, 100):
                add("ridge", {"alpha": alpha, "intercept": intercept},
                    linear_model.Ridge(alpha=alpha, fit_intercept=intercept, solver="cholesky"), weighted)
            for alpha in (0.5, 3):
                add("lasso", {"alpha": alpha, "intercept": intercept, "tolerance": 1e-10, "iterations": 1000000},
                    linear_model.Lasso(alpha=alpha, fit_intercept=intercept, tol=1e-13, max_iter=1000000), weighted)
                add("elastic_net", {"alpha": alpha, "mix": 0.3, "intercept": intercept, "tolerance": 1e-10, "iterations": 1000000},
                    linear_model.ElasticNet(alpha=alpha, l1_ratio=0.3, fit_intercept=intercept, tol=1e-13, max_iter=1000000), weighted)
        for alpha in (0.0, 1.0):
            model = linear_model.PoissonRegressor(alpha=alpha, solver="newton-cholesky", tol=1e-12, max_iter=1000)
            add("poisson", {"alpha": alpha, "tolerance": 1e-11}, model, weighted)
        add("linear", {}, linear_model.LinearRegression(tol=1e-12), weighted, rank_deficient=True)
    return cases


def huber_cases():
    x, y = diabetes_scaled, diabetes[1].copy()
    y[::20] += 400
    cases = []
    for epsilon in (1.35, 2.0):
        model = linear_model.HuberRegressor(epsilon=epsilon, tol=1e-12, max_iter=100000, alpha=0.01).fit(x, y)
        # Its search stops when the loss hardly falls; the same loss is taken to its end here.
        start = np.r_[model.coef_, model.intercept_, model.scale_]
        loss = linear_model._huber._huber_loss_and_gradient
        best = optimize.minimize(loss, start, args=(x, y, epsilon, 0.01, np.ones(len(y))), jac=True, method="BFGS", options={"gtol": 1e-9}).x
        cases.append({"epsilon": epsilon, "alpha": 0.01, "coefficients": best[:-2], "intercept": float(best[-2])})
    return cases


def path_case():
    x, y = diabetes_scaled[:, :6], diabetes[1]
    alphas, coefficients, _ = linear_model.enet_path(x - x.mean(axis=0), y - y.mean(), l1_ratio=0.7, alphas=20, tol=1e-13, max_iter=1000000)
    ridge = linear_model.RidgeCV(alphas=[0.01, 0.1, 1, 10, 100, 1000]).fit(*diabetes)
    return {"alphas": alphas, "coefficients": coefficients.T, "ridge_alpha": ridge.alpha_}


def logistic_cases():
    cases = []

    def add(name, settings, model, weighted=False):
        x, y = sets[name]
        model.fit(x, y, sample_weight=weights_for(y) if weighted else None)
        cases.append({
            "set": name, "settings": settings, "weighted": weighted, "coefficients": model.coef_, "intercepts": model.intercept_,
            "probabilities": model.predict_proba(x[:5]),
        })

    def newton(**settings):
        return linear_model.LogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=1000, **settings)

    for name in ("iris", "wine", "cancer_scaled"):
        for c in (0.1, 1.0, 10.0):
            add(name, {"c": c}, newton(C=c), weighted=c == 10.0)
        add(name, {"intercept": False}, newton(fit_intercept=False))
        add(name, {"class_weights": "balanced"}, newton(class_weight="balanced"))
    add("digits", {"c": 0.01}, newton(C=0.01))
    add("iris", {"penalty": "none"}, newton(C=np.inf))
    saga = dict(solver="saga", tol=1e-13, max_iter=200000)
    for name in ("wine_scaled", "cancer_scaled"):
        add(name, {"penalty": "l1", "c": 0.5}, linear_model.LogisticRegression(l1_ratio=1.0, C=0.5, **saga))
        add(name, {"penalty": "elastic_net", "mix": 0.4, "c": 0.5}, linear_model.LogisticRegression(l1_ratio=0.4, C=0.5, **saga),
            weighted=True)
    return cases


def nb_logistic_cases():
    """Wang and Manning's features with logistic regression in place of their machine, composed by hand."""
    cases = []
    for name, classes, settings, weighted in (
        ("digits", (3, 8), {"c": 0.01}, False),
        ("digits", (3, 8), {"alpha": 2, "c": 0.1, "class_weights": "balanced"}, True),
        ("digits", range(10), {"c": 0.01}, False),
        ("wine", range(3), {"alpha": 1, "c": 0.5}, True),
    ):
        x, y = sets[name]
        kept = np.isin(y, list(classes))
        x, y, w = x[kept], y[kept], weights_for(y)[kept] if weighted else np.ones(kept.sum())
        alpha = settings.get("alpha", 0.1)
        names = sorted(set(y.tolist()))
        # The weights of classes are those of all classes at once, which one model against the rest does not see by itself.
        totals = {code: w[y == code].sum() for code in names}
        factors = {code: w.sum() / (len(names) * totals[code]) if "class_weights" in settings else 1.0 for code in names}
        row_weights = w * np.array([factors[code] for code in y])
        rows, scores = np.arange(12), []
        for code in names[1:] if len(names) == 2 else names:
            own, others = alpha + w[y == code] @ x[y == code], alpha + w[y != code] @ x[y != code]
            ratios = np.log(own / own.sum()) - np.log(others / others.sum())
            model = linear_model.LogisticRegression(C=settings["c"], solver="newton-cholesky", tol=1e-12, max_iter=1000)
            model.fit(x * ratios, y == code, sample_weight=row_weights)
            scores.append(model.predict_proba(x[rows] * ratios)[:, 1])
        p = np.array(scores).T
        p = np.c_[1 - p, p] if len(names) == 2 else p / p.sum(axis=1, keepdims=True)
        cases.append({"set": name, "classes": names, "settings": settings, "weighted": weighted, "probabilities": p})
    return cases


def bayes_cases():
    cases = []

    def add(kind, name, settings, model, x=None, weighted=False):
        data, y = sets[name]
        data = data if x is None else x
        model.fit(data, y, sample_weight=weights_for(y) if weighted else None)
        cases.append({"kind": kind, "set": name, "settings": settings, "weighted": weighted, "probabilities": model.predict_proba(data[:12])})

    for weighted in (False, True):
        for name in ("iris", "wine", "digits"):
            # The added variance is a share of the unweighted variance there: none is added where weights differ.
            smoothing = 0.0 if weighted and name != "digits" else 1e-2 if not weighted else None
            if smoothing is not None:
                add("gaussian_nb", name, {"smoothing": smoothing}, naive_bayes.GaussianNB(var_smoothing=smoothing), weighted=weighted)
        for alpha in (0.3, 1.0):
            add("multinomial_nb", "digits", {"alpha": alpha}, naive_bayes.MultinomialNB(alpha=alpha), weighted=weighted)
            add("complement_nb", "digits", {"alpha": alpha}, naive_bayes.ComplementNB(alpha=alpha), weighted=weighted)
            add("complement_nb", "wine", {"alpha": alpha, "normalizes": True}, naive_bayes.ComplementNB(alpha=alpha, norm=True),
                weighted=weighted)
            add("bernoulli_nb", "digits", {"alpha": alpha, "threshold": 7.5}, naive_bayes.BernoulliNB(alpha=alpha, binarize=7.5),
                weighted=weighted)
            add("categorical_nb", "digits", {"alpha": alpha}, naive_bayes.CategoricalNB(alpha=alpha), weighted=weighted)
        add("multinomial_nb", "digits", {"priors": False}, naive_bayes.MultinomialNB(fit_prior=False), weighted=weighted)
    return cases


def cluster_cases():
    means, mixtures = [], []
    for name, k in (("iris", 3), ("wine_scaled", 4), ("digits", 6)):
        x, y = sets[name]
        start = x[np.linspace(0, len(x) - 1, k).astype(int)]
        for weighted in (False, True):
            w = weights_for(y) if weighted else None
            model = cluster.KMeans(k, init=start, n_init=1, tol=0, max_iter=500).fit(x, sample_weight=w)
            means.append({"set": name, "centres": start, "count": k, "weighted": weighted, "inertia": model.inertia_, "labels": model.labels_})
    for name, k in (("iris", 3), ("wine_scaled", 2)):
        x, y = sets[name]
        for covariance in ("full", "tied", "diag", "spherical"):
            labels = np.arange(len(x)) * k // len(x)
            shares = np.eye(k)[labels]
            estimate = mixture._gaussian_mixture._estimate_gaussian_parameters
            counts, centres, spreads = estimate(x, shares, 1e-6, covariance)
            inverse = {"full": np.linalg.inv, "tied": np.linalg.inv}.get(covariance, lambda c: 1 / c)(spreads)
            model = mixture.GaussianMixture(k, covariance_type=covariance, tol=1e-9, max_iter=2000, weights_init=counts / counts.sum(),
                                            means_init=centres, precisions_init=inverse).fit(x)
            mixtures.append({
                "set": name, "covariance": covariance, "count": k, "assignments": labels, "shares": model.weights_, "means": model.means_,
                "bic": model.bic(x), "aic": model.aic(x), "likelihood": model.score(x), "densities": model.score_samples(x[:10]),
            })
    return {"kmeans": means, "mixtures": mixtures}


def region_cases():
    cases = []
    x, _ = sets["wine_scaled"]
    for radius, least in ((2.2, 5), (2.6, 10)):
        model = cluster.DBSCAN(eps=radius, min_samples=least).fit(x)
        cases.append({"kind": "dbscan", "settings": {"radius": radius, "min-neighbours": least}, "labels": model.labels_,
                      "cores": model.core_sample_indices_})
    for linkage in ("ward", "complete", "average", "single"):
        model = cluster.AgglomerativeClustering(4, linkage=linkage).fit(x)
        cases.append({"kind": "agglomerative", "settings": {"clusters": 4, "linkage": linkage},
                      "centres": sorted([x[model.labels_ == k].mean(axis=0).tolist() for k in range(4)])})
    return cases


def estimate_cases():
    import statsmodels.api as sm
    x, y = sets["diabetes_scaled"]
    linear = sm.OLS(y, sm.add_constant(x)).fit()
    cx, cy = sets["cancer_scaled"][0][:, :2], sets["cancer_scaled"][1]
    logit = sm.Logit(cy, sm.add_constant(cx)).fit(disp=0, tol=1e-14, maxiter=200)
    return {name: {"values": m.params, "errors": m.bse, "p": m.pvalues, "low": m.conf_int()[:, 0], "high": m.conf_int()[:, 1]}
            for name, m in (("linear", linear), ("logistic", logit))}


def kernel_cases():
    cases = []

    def add(kind, name, settings, model):
        x, y = sets[name]
        model.fit(x, y)
        case = {"kind": kind, "set": name, "settings": {**settings, "tolerance": 1e-6}}
        if kind == "svm":
            model.decision_function_shape = "ovo"
            values = model.decision_function(x[:8])
            # For two classes scikit-learn turns the sign around.
            case["decision"] = -values if values.ndim == 1 else values
            case["classes"] = model.predict(x)
        elif kind == "svr":
            case["decision"] = model.predict(x[:8])
        else:
            case["decision"] = -model.decision_function(x[:8])
        cases.append(case)

    for name in ("iris", "wine_scaled", "cancer_scaled", "digits"):
        for kernel in ("linear", "rbf", "poly", "sigmoid"):
            gamma = "auto" if name == "digits" and kernel != "rbf" else "scale"
            if name == "digits" and kernel == "sigmoid":
                continue
            add("svm", name, {"kernel": kernel, "gamma": gamma, "c": 2.0, "calibrates": False},
                svm.SVC(kernel=kernel, gamma=gamma, C=2.0, tol=1e-6))
    add("svm", "wine_scaled", {"class_weights": "balanced", "calibrates": False}, svm.SVC(class_weight="balanced", tol=1e-6))
    add("svm", "iris", {"kernel": "poly", "degree": 2, "shift": 1.0, "gamma": 0.3, "calibrates": False},
        svm.SVC(kernel="poly", degree=2, coef0=1.0, gamma=0.3, tol=1e-6))
    for kernel in ("linear", "rbf"):
        add("svr", "diabetes_scaled", {"kernel": kernel, "c": 10.0, "epsilon": 5.0}, svm.SVR(kernel=kernel, C=10, epsilon=5, tol=1e-6))
    add("one_class_svm", "wine_scaled", {"nu": 0.1}, svm.OneClassSVM(nu=0.1, tol=1e-6))
    return cases


def calibration_cases():
    r = np.random.default_rng(11)
    scores = np.round(r.normal(0, 2, 120), 2)
    targets = (r.uniform(size=120) < 1 / (1 + np.exp(-scores - 0.5))).astype(int)
    w = np.round(r.uniform(0.3, 2, 120), 2)
    grid = np.linspace(-7, 7, 29)
    out = {"scores": scores, "targets": targets, "weights": w, "grid": grid}
    for name, weights in (("plain", None), ("weighted", w)):
        sigmoid = calibration._SigmoidCalibration().fit(scores, targets, weights)
        curve = isotonic.IsotonicRegression(out_of_bounds="clip").fit(scores, targets, weights)
        out[name] = {"a": sigmoid.a_, "b": sigmoid.b_, "isotonic": curve.predict(grid)}
    logits = np.round(r.normal(0, 3, (80, 3)), 3)
    codes = np.array([r.choice(3, p=np.exp(l / 2) / np.exp(l / 2).sum()) for l in logits])
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax
    best = minimize_scalar(lambda b: -log_softmax(logits * b, axis=1)[np.arange(80), codes].sum(), bounds=(0.01, 5), method="bounded",
                           options={"xatol": 1e-12})
    out["temperature"] = {"logits": logits, "codes": codes, "factor": best.x}
    return out


def ensemble_cases():
    cases = []
    for name in ("wine_scaled", "cancer_scaled"):
        x, y = sets[name]
        base = linear_model.LogisticRegression(C=0.001, solver="newton-cholesky", tol=1e-12)
        model = ensemble.AdaBoostClassifier(base, n_estimators=8, learning_rate=0.5).fit(x, y, sample_weight=np.full(len(y), 1.0 / len(y)))
        # Its weights sum to one, ours to the number of rows: the penalty of each fit says the same.
        cases.append({"set": name, "c": 0.001 / len(y), "probabilities": model.predict_proba(x[:20]), "errors": model.estimator_errors_})
    return cases


if __name__ == "__main__":
    write("learners_linear.json", {"linear": linear_cases(), "huber": huber_cases(), "path": path_case(),
                                   "estimates": estimate_cases()})
    write("learners_logistic.json", logistic_cases())
    write("learners_nb_logistic.json", nb_logistic_cases())
    write("learners_bayes.json", bayes_cases())
    write("learners_clusters.json", {**cluster_cases(), "regions": region_cases()})
    write("learners_kernel.json", kernel_cases())
    write("learners_ensembles.json", {"calibration": calibration_cases(), "adaboost": ensemble_cases()})
