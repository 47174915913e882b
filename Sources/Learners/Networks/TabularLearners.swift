public import MartletCore
public import Tables

/// A network of layers over all features (multi-layer perceptron), for classes or numbers, as the target says. It standardises its inputs
/// itself; missing numbers count as the mean, and categories have weights of their own.
public struct MLP: Learner {
  public static let kind = "mlp"

  /// Units of each hidden layer.
  public var hidden: [Int]
  public var activation: NetworkActivation
  public var dropout: Double
  public var learningRate: Double
  public var weightDecay: Double
  public var epochs: Int
  public var batchSize: Int
  /// Epochs without progress on the rows put aside before the fit ends.
  public var patience: Int
  /// The share of the training rows that is put aside; with none, or few rows, the training loss decides.
  public var validationShare: Double
  public var classWeights: ClassWeights?

  public init(
    hidden: [Int] = [128, 64], activation: NetworkActivation = .relu, dropout: Double = 0.1, learningRate: Double = 2e-3,
    weightDecay: Double = 1e-4, epochs: Int = 200, batchSize: Int = 64, patience: Int = 16, validationShare: Double = 0.1,
    classWeights: ClassWeights? = nil
  ) {
    self.hidden = hidden
    self.activation = activation
    self.dropout = dropout
    self.learningRate = learningRate
    self.weightDecay = weightDecay
    self.epochs = epochs
    self.batchSize = batchSize
    self.patience = patience
    self.validationShare = validationShare
    self.classWeights = classWeights
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try SettingRange.check(hidden.allSatisfy { $0 > 0 }, Self.kind, "hidden", hidden, "numbers of 1 or more")
    let training = NetworkTraining(
      kind: Self.kind, network: .layers(hidden: hidden, activation: activation), dropout: dropout, learningRate: learningRate,
      weightDecay: weightDecay, epochs: epochs, batchSize: batchSize, patience: patience, validationShare: validationShare)
    return try NetworkFit.fit(training, x, target, weights, classWeights, context)
  }
}

/// A transformer over features (FT-Transformer: Gorishniy, Rubachev, Khrulkov, Babenko 2021), for classes or numbers, as the target says.
public struct TabularTransformer: Learner {
  public static let kind = "tabular_transformer"

  /// Numbers of each token.
  public var width: Int
  public var heads: Int
  public var blocks: Int
  public var dropout: Double
  public var learningRate: Double
  public var weightDecay: Double
  public var epochs: Int
  public var batchSize: Int
  /// Epochs without progress on the rows put aside before the fit ends.
  public var patience: Int
  /// The share of the training rows that is put aside; with none, or few rows, the training loss decides.
  public var validationShare: Double
  public var classWeights: ClassWeights?

  public init(
    width: Int = 64, heads: Int = 8, blocks: Int = 2, dropout: Double = 0.1, learningRate: Double = 1e-3, weightDecay: Double = 1e-5,
    epochs: Int = 100, batchSize: Int = 128, patience: Int = 12, validationShare: Double = 0.1, classWeights: ClassWeights? = nil
  ) {
    self.width = width
    self.heads = heads
    self.blocks = blocks
    self.dropout = dropout
    self.learningRate = learningRate
    self.weightDecay = weightDecay
    self.epochs = epochs
    self.batchSize = batchSize
    self.patience = patience
    self.validationShare = validationShare
    self.classWeights = classWeights
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try SettingRange.check(heads > 0 && width > 0 && width % heads == 0, Self.kind, "width", width, "a multiple of the \(heads) heads")
    try SettingRange.check(blocks > 0, Self.kind, "blocks", blocks, "1 or more")
    let training = NetworkTraining(
      kind: Self.kind, network: .transformer(width: width, heads: heads, blocks: blocks, inner: max(1, width * 4 / 3)),
      dropout: dropout, learningRate: learningRate, weightDecay: weightDecay, epochs: epochs, batchSize: batchSize, patience: patience,
      validationShare: validationShare)
    return try NetworkFit.fit(training, x, target, weights, classWeights, context)
  }
}

enum NetworkFit {
  static func fit(
    _ training: NetworkTraining, _ x: FeatureMatrix, _ target: Target, _ weights: [Double]?, _ classWeights: ClassWeights?,
    _ context: FitContext
  ) throws -> any FittedLearner {
    try training.check()
    let rows = try TrainingRows(training.kind, x, target, weights: weights, [.missing, .categories])
    let inputs = TabularInputs(rows)
    if case .classes = target {
      let classes = try rows.classes()
      let rowWeights = try ClassWeights.apply(classWeights, classes, rows.weights, kind: training.kind)
      let outcome = try training.run(
        rows, inputs, codes: classes.codes, values: [], weights: rowWeights, outputs: classes.count, context)
      return NetworkClassifier(
        labels: classes.labels, present: classes.present,
        core: NetworkCore(kind: training.kind, inputs: inputs, network: training.network, outcome: outcome))
    }
    let y = try rows.values(), total = rows.totalWeight
    let mean = zip(y, rows.weights).reduce(0) { $0 + $1.0 * $1.1 } / total
    let variance = zip(y, rows.weights).reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) * $1.1 } / total
    let scale = variance > 0 ? variance.squareRoot() : 1
    let outcome = try training.run(
      rows, inputs, codes: nil, values: y.map { ($0 - mean) / scale }, weights: rows.weights, outputs: 1, context)
    return NetworkRegressor(
      mean: mean, scale: scale, core: NetworkCore(kind: training.kind, inputs: inputs, network: training.network, outcome: outcome))
  }
}
