// Written by `make generate` from LearnerCatalogue.entries and Recipe.stepNames. Do not edit.
import MartletCore

extension ProjectSchema {
  /// The learners that can be asked to do this.
  static func learners(for task: ProjectTask) -> [Variant] { allLearners.filter { $0.tasks.contains(task) }.map(\.variant) }

  private static let allLearners: [(tasks: [ProjectTask], variant: Variant)] = [
    (
      [.classification, .regression],
      Variant(
        "tree", "One tree of yes-or-no questions.",
      [
        .optional("criterion", .any, "Left out: \"automatic\"."),
        .optional("max-depth", .any, "Left out: as the learner finds best."),
        .optional("min-split", .number(.init()), "Left out: 2."),
        .optional("min-leaf", .number(.init()), "Left out: 1."),
        .optional("min-leaf-share", .number(.init()), "Left out: 0."),
        .optional("min-decrease", .number(.init()), "Left out: 0."),
        .optional("features", .any, "Left out: \"all\"."),
        .optional("max-leaves", .any, "Left out: as the learner finds best."),
        .optional("pruning", .number(.init()), "Left out: 0."),
        .optional("class-weights", .any, "Left out: as the learner finds best."),
        .optional("monotone", .any, "Left out: {}."),
        .optional("bins", .any, "Left out: as the learner finds best."),
      ])
    ),
    (
      [.classification, .regression],
      Variant(
        "random_forest", "Many trees on rows drawn at random (Breiman 2001).",
      [
        .optional("trees", .number(.init()), "Left out: 100."),
        .optional("criterion", .any, "Left out: \"automatic\"."),
        .optional("max-depth", .any, "Left out: as the learner finds best."),
        .optional("min-split", .number(.init()), "Left out: 2."),
        .optional("min-leaf", .number(.init()), "Left out: 1."),
        .optional("min-leaf-share", .number(.init()), "Left out: 0."),
        .optional("min-decrease", .number(.init()), "Left out: 0."),
        .optional("features", .any, "Left out: as the learner finds best."),
        .optional("max-leaves", .any, "Left out: as the learner finds best."),
        .optional("bootstrap", .flag, "Left out: true."),
        .optional("sample-share", .any, "Left out: as the learner finds best."),
        .optional("out-of-bag", .flag, "Left out: false."),
        .optional("quantiles", .flag, "Left out: false."),
        .optional("class-weights", .any, "Left out: as the learner finds best."),
        .optional("monotone", .any, "Left out: {}."),
        .optional("bins", .any, "Left out: as the learner finds best."),
      ])
    ),
    (
      [.classification, .regression],
      Variant(
        "extra_trees", "Many trees with random thresholds (Geurts et al. 2006).",
      [
        .optional("trees", .number(.init()), "Left out: 100."),
        .optional("criterion", .any, "Left out: \"automatic\"."),
        .optional("max-depth", .any, "Left out: as the learner finds best."),
        .optional("min-split", .number(.init()), "Left out: 2."),
        .optional("min-leaf", .number(.init()), "Left out: 1."),
        .optional("min-leaf-share", .number(.init()), "Left out: 0."),
        .optional("min-decrease", .number(.init()), "Left out: 0."),
        .optional("features", .any, "Left out: as the learner finds best."),
        .optional("max-leaves", .any, "Left out: as the learner finds best."),
        .optional("bootstrap", .flag, "Left out: false."),
        .optional("sample-share", .any, "Left out: as the learner finds best."),
        .optional("out-of-bag", .flag, "Left out: false."),
        .optional("quantiles", .flag, "Left out: false."),
        .optional("class-weights", .any, "Left out: as the learner finds best."),
        .optional("monotone", .any, "Left out: {}."),
        .optional("bins", .any, "Left out: as the learner finds best."),
      ])
    ),
    (
      [.anomalyDetection],
      Variant(
        "isolation_forest", "Rows that random splits set apart quickly (Liu et al. 2008).",
      [
        .optional("trees", .number(.init()), "Left out: 100."),
        .optional("samples", .number(.init()), "Left out: 256."),
        .optional("contamination", .any, "Left out: as the learner finds best."),
        .optional("feature-share", .number(.init()), "Left out: 1."),
      ])
    ),
    (
      [.classification, .regression],
      Variant(
        "boosting", "Trees that correct each other (xgboost: Chen and Guestrin 2016).",
      [
        .optional("rounds", .number(.init()), "Left out: 100."),
        .optional("learning-rate", .number(.init()), "Left out: 0.1."),
        .optional("max-depth", .number(.init()), "Left out: 6."),
        .optional("growth", .any, "Left out: \"depth\"."),
        .optional("max-leaves", .number(.init()), "Left out: 0."),
        .optional("min-child-weight", .number(.init()), "Left out: 1."),
        .optional("min-gain", .number(.init()), "Left out: 0."),
        .optional("row-share", .number(.init()), "Left out: 1."),
        .optional("feature-share", .number(.init()), "Left out: 1."),
        .optional("l2", .number(.init()), "Left out: 1."),
        .optional("l1", .number(.init()), "Left out: 0."),
        .optional("bins", .number(.init()), "Left out: 256."),
        .optional("objective", .any, "Left out: \"automatic\"."),
        .optional("quantile", .number(.init()), "Left out: 0.5."),
        .optional("tweedie-power", .number(.init()), "Left out: 1.5."),
        .optional("positive-weight", .number(.init()), "Left out: 1."),
        .optional("class-weights", .any, "Left out: as the learner finds best."),
        .optional("monotone", .any, "Left out: {}."),
        .optional("interactions", .any, "Left out: []."),
        .optional("early-stopping", .any, "Left out: as the learner finds best."),
        .optional("validation-share", .number(.init()), "Left out: 0.1."),
      ])
    ),
    (
      [.classification, .regression],
      Variant(
        "neighbours", "The rows that are most alike decide.",
      [
        .optional("neighbours", .number(.init()), "Left out: 5."),
        .optional("radius", .any, "Left out: as the learner finds best."),
        .optional("voting", .any, "Left out: \"uniform\"."),
        .optional("metric", .any, "Left out: \"euclidean\"."),
        .optional("power", .number(.init()), "Left out: 3."),
        .optional("search", .any, "Left out: \"exact\"."),
        .optional("links", .number(.init()), "Left out: 16."),
        .optional("construction", .number(.init()), "Left out: 200."),
        .optional("effort", .number(.init()), "Left out: 64."),
      ])
    ),
    (
      [.anomalyDetection],
      Variant(
        "local_outlier_factor", "Rows in thinner places than their neighbours (Breunig et al. 2000).",
      [
        .optional("neighbours", .number(.init()), "Left out: 20."),
        .optional("metric", .any, "Left out: \"euclidean\"."),
        .optional("power", .number(.init()), "Left out: 3."),
        .optional("contamination", .any, "Left out: as the learner finds best."),
      ])
    ),
    (
      [.regression],
      Variant(
        "linear", "Ordinary least squares.",
      [
        .optional("intercept", .flag, "Left out: true."),
        .optional("cutoff", .any, "Left out: as the learner finds best."),
      ])
    ),
    (
      [.regression],
      Variant(
        "ridge", "Least squares with a penalty on squared coefficients.",
      [
        .optional("alpha", .number(.init()), "Left out: 1."),
        .optional("alphas", .any, "Left out: [0.01,0.1,1,10,100,1000]."),
        .optional("intercept", .flag, "Left out: true."),
      ])
    ),
    (
      [.regression],
      Variant(
        "lasso", "Least squares with a penalty that sets coefficients to 0; chooses it by cross-validation.",
      [
        .optional("alpha", .any, "Left out: as the learner finds best."),
        .optional("intercept", .flag, "Left out: true."),
        .optional("folds", .number(.init()), "Left out: 5."),
        .optional("iterations", .number(.init()), "Left out: 10000."),
        .optional("tolerance", .number(.init()), "Left out: 1e-08."),
      ])
    ),
    (
      [.regression],
      Variant(
        "elastic_net", "Least squares with both penalties; chooses their weight by cross-validation.",
      [
        .optional("alpha", .any, "Left out: as the learner finds best."),
        .optional("mix", .number(.init()), "Left out: 0.5."),
        .optional("intercept", .flag, "Left out: true."),
        .optional("folds", .number(.init()), "Left out: 5."),
        .optional("iterations", .number(.init()), "Left out: 10000."),
        .optional("tolerance", .number(.init()), "Left out: 1e-08."),
      ])
    ),
    (
      [.regression],
      Variant(
        "huber", "Linear regression that outliers pull little.",
      [
        .optional("epsilon", .number(.init()), "Left out: 1.35."),
        .optional("alpha", .number(.init()), "Left out: 0.0001."),
        .optional("intercept", .flag, "Left out: true."),
        .optional("iterations", .number(.init()), "Left out: 1000."),
        .optional("tolerance", .number(.init()), "Left out: 1e-08."),
      ])
    ),
    (
      [.regression],
      Variant(
        "poisson", "Regression of counts.",
      [
        .optional("alpha", .number(.init()), "Left out: 1."),
        .optional("intercept", .flag, "Left out: true."),
        .optional("iterations", .number(.init()), "Left out: 1000."),
        .optional("tolerance", .number(.init()), "Left out: 1e-08."),
      ])
    ),
    (
      [.regression],
      Variant(
        "sgd_regressor", "Linear regression by stochastic gradient descent, for very many rows.",
      [
        .optional("loss", .any, "Left out: \"squared\"."),
        .optional("alpha", .number(.init()), "Left out: 0.0001."),
        .optional("epochs", .number(.init()), "Left out: 200."),
        .optional("learning-rate", .number(.init()), "Left out: 0.01."),
        .optional("tolerance", .number(.init()), "Left out: 0.001."),
        .optional("intercept", .flag, "Left out: true."),
        .optional("averages", .flag, "Left out: false."),
      ])
    ),
    (
      [.classification],
      Variant(
        "logistic", "Logistic regression of two classes or many.",
      [
        .optional("penalty", .any, "Left out: \"l2\"."),
        .optional("c", .number(.init()), "Left out: 1."),
        .optional("mix", .number(.init()), "Left out: 0.5."),
        .optional("intercept", .flag, "Left out: true."),
        .optional("class-weights", .any, "Left out: as the learner finds best."),
        .optional("tolerance", .number(.init()), "Left out: 1e-08."),
        .optional("iterations", .number(.init()), "Left out: 1000."),
      ])
    ),
    (
      [.classification],
      Variant(
        "nb_logistic", "Logistic regression on counts that are multiplied by naive Bayes' log-count ratios, for texts.",
      [
        .optional("alpha", .number(.init()), "Left out: 0.1."),
        .optional("c", .number(.init()), "Left out: 3."),
        .optional("class-weights", .any, "Left out: as the learner finds best."),
        .optional("tolerance", .number(.init()), "Left out: 1e-08."),
        .optional("iterations", .number(.init()), "Left out: 1000."),
      ])
    ),
    (
      [.classification],
      Variant(
        "sgd_classifier", "A linear classifier by stochastic gradient descent, for very many rows.",
      [
        .optional("loss", .any, "Left out: \"log\"."),
        .optional("alpha", .number(.init()), "Left out: 0.0001."),
        .optional("epochs", .number(.init()), "Left out: 200."),
        .optional("learning-rate", .any, "Left out: as the learner finds best."),
        .optional("tolerance", .number(.init()), "Left out: 0.001."),
        .optional("intercept", .flag, "Left out: true."),
        .optional("averages", .flag, "Left out: false."),
        .optional("class-weights", .any, "Left out: as the learner finds best."),
      ])
    ),
    (
      [.classification],
      Variant(
        "gaussian_nb", "Naive Bayes of measurements.",
      [
        .optional("smoothing", .number(.init()), "Left out: 1e-09."),
        .optional("priors", .any, "Left out: as the learner finds best."),
      ])
    ),
    (
      [.classification],
      Variant(
        "multinomial_nb", "Naive Bayes of counts.",
      [
        .optional("alpha", .number(.init()), "Left out: 1."),
        .optional("priors", .flag, "Left out: true."),
      ])
    ),
    (
      [.classification],
      Variant(
        "complement_nb", "Naive Bayes of counts for classes of unlike sizes.",
      [
        .optional("alpha", .number(.init()), "Left out: 1."),
        .optional("normalizes", .flag, "Left out: false."),
      ])
    ),
    (
      [.classification],
      Variant(
        "bernoulli_nb", "Naive Bayes of features that are there or not.",
      [
        .optional("alpha", .number(.init()), "Left out: 1."),
        .optional("threshold", .number(.init()), "Left out: 0."),
        .optional("priors", .flag, "Left out: true."),
      ])
    ),
    (
      [.classification],
      Variant(
        "categorical_nb", "Naive Bayes of categories.",
      [
        .optional("alpha", .number(.init()), "Left out: 1."),
        .optional("priors", .flag, "Left out: true."),
      ])
    ),
    (
      [.classification],
      Variant(
        "svm", "A support vector machine for classes.",
      [
        .optional("kernel", .any, "Left out: \"rbf\"."),
        .optional("c", .number(.init()), "Left out: 1."),
        .optional("gamma", .any, "Left out: \"scale\"."),
        .optional("degree", .number(.init()), "Left out: 3."),
        .optional("shift", .number(.init()), "Left out: 0."),
        .optional("class-weights", .any, "Left out: as the learner finds best."),
        .optional("calibrates", .flag, "Left out: true."),
        .optional("folds", .number(.init()), "Left out: 5."),
        .optional("tolerance", .number(.init()), "Left out: 0.001."),
        .optional("cache", .number(.init()), "Left out: 200."),
      ])
    ),
    (
      [.regression],
      Variant(
        "svr", "A support vector machine for numbers.",
      [
        .optional("kernel", .any, "Left out: \"rbf\"."),
        .optional("c", .number(.init()), "Left out: 1."),
        .optional("epsilon", .number(.init()), "Left out: 0.1."),
        .optional("gamma", .any, "Left out: \"scale\"."),
        .optional("degree", .number(.init()), "Left out: 3."),
        .optional("shift", .number(.init()), "Left out: 0."),
        .optional("tolerance", .number(.init()), "Left out: 0.001."),
        .optional("cache", .number(.init()), "Left out: 200."),
      ])
    ),
    (
      [.anomalyDetection],
      Variant(
        "one_class_svm", "The region that most rows lie in.",
      [
        .optional("kernel", .any, "Left out: \"rbf\"."),
        .optional("nu", .number(.init()), "Left out: 0.05."),
        .optional("gamma", .any, "Left out: \"scale\"."),
        .optional("degree", .number(.init()), "Left out: 3."),
        .optional("shift", .number(.init()), "Left out: 0."),
        .optional("tolerance", .number(.init()), "Left out: 0.001."),
        .optional("cache", .number(.init()), "Left out: 200."),
      ])
    ),
    (
      [.clustering],
      Variant(
        "kmeans", "Groups around means.",
      [
        .optional("clusters", .number(.init()), "Left out: 8."),
        .optional("starts", .number(.init()), "Left out: 10."),
        .optional("iterations", .number(.init()), "Left out: 300."),
        .optional("tolerance", .number(.init()), "Left out: 0.0001."),
        .optional("centres", .any, "Left out: as the learner finds best."),
      ])
    ),
    (
      [.clustering, .anomalyDetection],
      Variant(
        "gaussian_mixture", "Groups as normal distributions; rows of low density are unusual.",
      [
        .optional("components", .number(.init()), "Left out: 3."),
        .optional("largest", .number(.init()), "Left out: 10."),
        .optional("covariance", .any, "Left out: \"full\"."),
        .optional("iterations", .number(.init()), "Left out: 200."),
        .optional("tolerance", .number(.init()), "Left out: 0.0001."),
        .optional("regularization", .number(.init()), "Left out: 1e-06."),
        .optional("contamination", .number(.init()), "Left out: 0.05."),
        .optional("assignments", .any, "Left out: as the learner finds best."),
      ])
    ),
    (
      [.clustering],
      Variant(
        "dbscan", "Groups as regions where rows lie close; other rows are noise (-1).",
      [
        .optional("radius", .number(.init()), "Left out: 0.5."),
        .optional("min-neighbours", .number(.init()), "Left out: 5."),
      ])
    ),
    (
      [.clustering],
      Variant(
        "agglomerative", "Groups that grow by joining the two nearest.",
      [
        .optional("clusters", .number(.init()), "Left out: 2."),
        .optional("linkage", .any, "Left out: \"ward\"."),
      ])
    ),
    (
      [.classification, .regression],
      Variant(
        "voting", "Several learners that vote.",
      [
        .optional("learners", .any, "Left out: []."),
        .optional("vote", .any, "Left out: \"soft\"."),
        .optional("weights", .any, "Left out: as the learner finds best."),
      ])
    ),
    (
      [.classification, .regression],
      Variant(
        "stacking", "A learner on top of learners.",
      [
        .optional("learners", .any, "Left out: []."),
        .optional("final", .any, "Left out: as the learner finds best."),
        .optional("folds", .number(.init()), "Left out: 5."),
        .optional("passes-features", .flag, "Left out: false."),
      ])
    ),
    (
      [.classification, .regression],
      Variant(
        "bagging", "Many fits of one learner on rows drawn at random.",
      [
        .optional("learner", .any, "Left out: {\"tree\":{\"criterion\":\"automatic\",\"features\":\"all\",\"minDecrease\":0,\"minLeaf\":1,\"minLeafShare\":0,\"minSplit\":2,\"monotone\":{},\"pruning\":0}}."),
        .optional("members", .number(.init()), "Left out: 10."),
        .optional("rows", .number(.init()), "Left out: 1."),
        .optional("features", .number(.init()), "Left out: 1."),
        .optional("replaces", .flag, "Left out: true."),
      ])
    ),
    (
      [.classification, .regression],
      Variant(
        "adaboost", "Fits of one learner in a row, each looking at what those before got wrong.",
      [
        .optional("learner", .any, "Left out: {\"tree\":{\"criterion\":\"automatic\",\"features\":\"all\",\"maxDepth\":1,\"minDecrease\":0,\"minLeaf\":1,\"minLeafShare\":0,\"minSplit\":2,\"monotone\":{},\"pruning\":0}}."),
        .optional("members", .number(.init()), "Left out: 50."),
        .optional("learning-rate", .number(.init()), "Left out: 1."),
        .optional("loss", .any, "Left out: \"linear\"."),
        .optional("draws", .flag, "Left out: false."),
      ])
    ),
    (
      [.classification],
      Variant(
        "one_vs_rest", "A learner of two classes made one of many.",
      [
        .optional("learner", .any, "Left out: {\"logistic\":{\"c\":1,\"intercept\":true,\"iterations\":1000,\"mix\":0.5,\"penalty\":\"l2\",\"tolerance\":1e-08}}."),
      ])
    ),
    (
      [.classification],
      Variant(
        "calibrated", "A classifier with calibrated probabilities.",
      [
        .optional("learner", .any, "Left out: {\"logistic\":{\"c\":1,\"intercept\":true,\"iterations\":1000,\"mix\":0.5,\"penalty\":\"l2\",\"tolerance\":1e-08}}."),
        .optional("method", .any, "Left out: \"sigmoid\"."),
        .optional("folds", .number(.init()), "Left out: 5."),
        .optional("is-single", .flag, "Left out: false."),
      ])
    ),
    (
      [.classification],
      Variant(
        "tuned_threshold", "A classifier with its threshold tuned to a goal or to costs.",
      [
        .optional("learner", .any, "Left out: {\"logistic\":{\"c\":1,\"intercept\":true,\"iterations\":1000,\"mix\":0.5,\"penalty\":\"l2\",\"tolerance\":1e-08}}."),
        .optional("goal", .any, "Left out: \"f1\"."),
        .optional("floor", .number(.init()), "Left out: 0.9."),
        .optional("costs", .any, "Left out: as the learner finds best."),
        .optional("positive", .any, "Left out: as the learner finds best."),
        .optional("folds", .number(.init()), "Left out: 5."),
      ])
    ),
    (
      [.classification, .regression],
      Variant(
        "mlp", "A network of layers.",
      [
        .optional("hidden", .any, "Left out: [128,64]."),
        .optional("activation", .any, "Left out: \"relu\"."),
        .optional("dropout", .number(.init()), "Left out: 0.1."),
        .optional("learning-rate", .number(.init()), "Left out: 0.002."),
        .optional("weight-decay", .number(.init()), "Left out: 0.0001."),
        .optional("epochs", .number(.init()), "Left out: 200."),
        .optional("batch-size", .number(.init()), "Left out: 64."),
        .optional("patience", .number(.init()), "Left out: 16."),
        .optional("validation-share", .number(.init()), "Left out: 0.1."),
        .optional("class-weights", .any, "Left out: as the learner finds best."),
      ])
    ),
    (
      [.classification, .regression],
      Variant(
        "tabular_transformer", "A transformer over features.",
      [
        .optional("width", .number(.init()), "Left out: 64."),
        .optional("heads", .number(.init()), "Left out: 8."),
        .optional("blocks", .number(.init()), "Left out: 2."),
        .optional("dropout", .number(.init()), "Left out: 0.1."),
        .optional("learning-rate", .number(.init()), "Left out: 0.001."),
        .optional("weight-decay", .number(.init()), "Left out: 1e-05."),
        .optional("epochs", .number(.init()), "Left out: 100."),
        .optional("batch-size", .number(.init()), "Left out: 128."),
        .optional("patience", .number(.init()), "Left out: 12."),
        .optional("validation-share", .number(.init()), "Left out: 0.1."),
        .optional("class-weights", .any, "Left out: as the learner finds best."),
      ])
    ),
    (
      [.classification],
      Variant(
        "text_encoder", "A pre-trained encoder of texts, fine-tuned; reads what tokenize makes.",
      [
        .optional("model", .any, "Left out: \"minilm\"."),
        .optional("pooling", .any, "Left out: \"mean\"."),
        .optional("epochs", .number(.init()), "Left out: 2."),
        .optional("batch-size", .number(.init()), "Left out: 16."),
        .optional("learning-rate", .number(.init()), "Left out: 0.0001."),
        .optional("weight-decay", .number(.init()), "Left out: 0.01."),
        .optional("warmup", .number(.init()), "Left out: 0.1."),
        .optional("label-smoothing", .number(.init()), "Left out: 0.05."),
        .optional("lora-rank", .any, "Left out: as the learner finds best."),
        .optional("class-weights", .any, "Left out: as the learner finds best."),
      ])
    ),
  ]

  /// The steps of recipes.
  static let steps: [String] = [
    "bins",
    "clip",
    "count-encode",
    "date-parts",
    "derive",
    "drop",
    "eliminate",
    "group-aggregates",
    "hash-categories",
    "hash-text",
    "impute",
    "impute-autoencoder",
    "impute-iteratively",
    "impute-neighbours",
    "leave-one-out-encode",
    "log",
    "max-abs-scale",
    "min-max-scale",
    "normalize-rows",
    "one-hot",
    "ordered-encode",
    "ordinal",
    "pca",
    "polynomial",
    "power-scale",
    "quantile-scale",
    "robust-scale",
    "select-best",
    "select-correlation",
    "select-from-model",
    "select-variance",
    "standard-scale",
    "target-encode",
    "tf-idf",
    "tokenize",
    "truncated-svd",
    "weight-of-evidence",
  ]
}
