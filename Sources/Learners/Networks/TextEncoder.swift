import Foundation
public import MartletCore
public import Models
import NN
public import Tables
import Torch
import Training

/// A pre-trained encoder, fine-tuned whole or by low-rank adapters (Hu et al. 2021) to tell classes of texts apart: AdamW, a learning rate that
/// warms up and falls to zero, texts of like length in one batch. Reads what the recipe's `tokenize` makes.
///
/// The result depends on the number of threads in its last digits, as all of libtorch's larger products do.
public struct TextEncoder: Learner {
  public static let kind = "text_encoder"

  /// A folder with `config.json` and safetensors, or the name of a fetched model (`minilm`).
  public var model: String
  public var pooling: Pooling
  public var epochs: Int
  public var batchSize: Int
  public var learningRate: Double
  public var weightDecay: Double
  /// The share of the steps in which the learning rate rises.
  public var warmup: Double
  public var labelSmoothing: Double
  /// The rank of the adapters; `nil` trains all weights.
  public var loraRank: Int?
  public var classWeights: ClassWeights?

  public init(
    model: String = "minilm", pooling: Pooling = .mean, epochs: Int = 2, batchSize: Int = 16, learningRate: Double = 1e-4,
    weightDecay: Double = 0.01, warmup: Double = 0.1, labelSmoothing: Double = 0.05, loraRank: Int? = nil,
    classWeights: ClassWeights? = nil
  ) {
    self.model = model
    self.pooling = pooling
    self.epochs = epochs
    self.batchSize = batchSize
    self.learningRate = learningRate
    self.weightDecay = weightDecay
    self.warmup = warmup
    self.labelSmoothing = labelSmoothing
    self.loraRank = loraRank
    self.classWeights = classWeights
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try check()
    let rows = try TrainingRows(Self.kind, x, target, weights: weights, [.sparse, .missing])
    let classes = try rows.classes()
    let rowWeights = try ClassWeights.apply(classWeights, classes, rows.weights, kind: Self.kind)
    guard let folder = SharedFiles.path("data/\(model)") ?? (FileManager.default.fileExists(atPath: model) ? model : nil) else {
      throw LearnerError(
        "text_encoder: there is no model '\(model)'", expected: "a folder with config.json and safetensors, or a fetched model",
        remedy: "scripts/fetch-data minilm")
    }
    return try TorchThreads.with(context.threads) {
      try RandomState.seed(context.seed)
      let network = try LanguageModels.load(folder: folder, task: .classification(labels: classes.count, pooling: pooling))
      let texts = try TokenRows(rows.features, padding: network.body.padding ?? 0)
      try texts.check(against: network)
      if let rank = loraRank {
        try network.addLoRA(
          LoRASettings(rank: rank, alpha: Double(2 * rank), targets: ["all-linear"], trained: ["classifier"]))
      }
      try train(network, texts, classes.codes, rowWeights, context)
      if loraRank != nil {
        try network.mergeAdapters()
        network.removeAdapters()
      }
      network.eval()
      return try TextEncoderModel(
        featureNames: rows.names, labels: classes.labels, present: classes.present, pooling: pooling, network: network)
    }
  }

  private func check() throws {
    try SettingRange.check(epochs > 0, Self.kind, "epochs", epochs, "1 or more")
    try SettingRange.check(batchSize > 0, Self.kind, "batch-size", batchSize, "1 or more")
    try SettingRange.check(learningRate > 0 && learningRate.isFinite, Self.kind, "learning-rate", learningRate, "above 0")
    try SettingRange.check(weightDecay >= 0, Self.kind, "weight-decay", weightDecay, "0 or more")
    try SettingRange.check((0...1).contains(warmup), Self.kind, "warmup", warmup, "0 to 1")
    try SettingRange.check(labelSmoothing >= 0 && labelSmoothing < 1, Self.kind, "label-smoothing", labelSmoothing, "0 or more, below 1")
    if let loraRank { try SettingRange.check(loraRank > 0, Self.kind, "lora-rank", loraRank, "1 or more") }
  }

  private func train(_ network: LanguageModel, _ texts: TokenRows, _ codes: [Int], _ weights: [Double], _ context: FitContext) throws {
    let trained = network.namedParameters().filter { $0.parameter.requiresGrad }
    // Biases and norms are not pulled to 0.
    let groups = [false, true].map { isMatrix in
      ParameterGroup(
        trained.filter { ($0.parameter.shape.count > 1) == isMatrix }.map(\.parameter),
        AdamW.Settings(learningRate: learningRate, weightDecay: isMatrix ? weightDecay : 0))
    }.filter { !$0.parameters.isEmpty }
    let optimizer = try AdamW(groups: groups)
    let batches = try BucketedBatches(lengths: texts.rows.map(\.count), limit: .items(batchSize), seed: context.seed)
    network.train()
    let count = texts.rows.count, total = epochs * batches.batches(of: count, epoch: 0).count
    let rising = max(1, Int((warmup * Double(total)).rounded()))
    var step = 0
    for epoch in 0..<epochs {
      let order = batches.batches(of: count, epoch: epoch)
      for place in 0..<order.count {
        try Task.checkCancellation()
        let batch = order[place]
        let rest = Double(total - step) / Double(max(1, total - rising))
        let factor = step < rising ? Double(step + 1) / Double(rising) : rest
        optimizer.learningRates = optimizer.learningRates.map { _ in learningRate * factor }
        let scores = try network(texts.input(batch))
        let classes = batch.map { Int64(codes[$0]) }, counts = batch.map { Float(weights[$0]) }
        let each = try crossEntropy(scores, Tensor(classes), labelSmoothing: labelSmoothing, reduction: .none)
        let weight = try Tensor(counts)
        let loss = try (each * weight).sum() / weight.sum()
        let value = try loss.double()
        guard value.isFinite else {
          throw LearnerError("text_encoder: the loss became \(value) in epoch \(epoch + 1)", remedy: "a lower learning-rate")
        }
        optimizer.zeroGradients()
        try loss.backward()
        try Gradients.clip(trained, norm: 1)
        try optimizer.step()
        step += 1
      }
    }
  }
}

/// Rows of `tokenize` as token ids.
struct TokenRows {
  let rows: [[Int]]
  let padding: Int

  /// - Throws: `LearnerError` for features that no tokenizer makes.
  init(_ x: FeatureMatrix, padding: Int) throws {
    guard x.names.allSatisfy({ $0.contains("_token") }) else {
      throw LearnerError(
        "text_encoder reads tokens, and was given the features \(x.names.prefix(3).joined(separator: ", "))",
        expected: "one text column, tokenized", remedy: "prepare: [tokenize: {tokenizer: minilm}], and drop what is no text")
    }
    let all: [[Double]]
    switch x.storage {
    case .sparse(let sparse): all = (0..<x.rows).map { Array(sparse.values[sparse.starts[$0]..<sparse.starts[$0 + 1]]) }
    case .dense(let values): all = (0..<x.rows).map { Array(values[$0 * x.columns..<($0 + 1) * x.columns]) }
    }
    rows = try all.enumerated().map { row, values in
      let ids = try values.compactMap { value -> Int? in
        guard value >= 0, value < Double(Int32.max), value == value.rounded() else {
          throw LearnerError("text_encoder: row \(row) has the token \(value)", expected: "whole numbers of 0 or more")
        }
        return value == 0 ? nil : Int(value) - 1
      }
      return ids.isEmpty ? [padding] : ids
    }
    self.padding = padding
  }

  /// - Throws: `LearnerError` for texts that the network cannot read.
  func check(against network: LanguageModel) throws {
    let vocabulary = network.body.tokenTable.weight.shape[0]
    if let wrong = rows.lazy.joined().first(where: { $0 >= vocabulary }) {
      throw LearnerError(
        "text_encoder: token \(wrong) is not one of the model's \(vocabulary)", remedy: "tokenize with the tokenizer of the same model")
    }
    let longest = rows.map(\.count).max() ?? 0
    if let limit = network.configuration["max_position_embeddings"]?.intValue, longest > limit {
      throw LearnerError("text_encoder: a text has \(longest) tokens", expected: "at most \(limit)", remedy: "tokenize: {length: \(limit)}")
    }
  }

  func input(_ places: [Int]) throws -> TokenInput { try TokenInput(rows: places.map { rows[$0] }, padding: padding) }
}

/// A fine-tuned ``TextEncoder``.
///
/// `@unchecked Sendable`: the network is in evaluation mode and never changed after the initialiser.
public struct TextEncoderModel: FittedClassifier, @unchecked Sendable {
  public var kind: String { TextEncoder.kind }
  public let featureNames: [String]
  public let labels: [String]
  public let present: [Int]
  private let pooling: Pooling
  private let network: LanguageModel

  init(featureNames: [String], labels: [String], present: [Int], pooling: Pooling, network: LanguageModel) throws {
    self.featureNames = featureNames
    self.labels = labels
    self.present = present
    self.pooling = pooling
    self.network = network
  }

  public func probabilities(_ x: FeatureMatrix) throws -> [Double] {
    try FeatureCheck.prediction(x, featureNames, kind, [.sparse, .missing])
    let texts = try TokenRows(x, padding: network.body.padding ?? 0)
    try texts.check(against: network)
    var scores = [Double](repeating: 0, count: x.rows * present.count)
    let order = texts.rows.indices.sorted { (texts.rows[$1].count, $0) < (texts.rows[$0].count, $1) }
    var start = 0
    while start < order.count {
      try Task.checkCancellation()
      // About as many tokens in every call; like lengths together, so that little is computed on padding.
      let part = Array(order[start..<min(order.count, start + max(1, 4096 / texts.rows[order[start]].count))])
      let values = try withoutGrad { try network(texts.input(part)).array(of: Double.self) }
      for (place, row) in part.enumerated() {
        for output in present.indices { scores[row * present.count + output] = values[place * present.count + output] }
      }
      start += part.count
    }
    return RowClasses.spread(LogisticModel.softmax(scores, count: present.count), present: present, labels: labels.count)
  }

  private struct State: Codable {
    var featureNames: [String], labels: [String], present: [Int], pooling: Pooling, configuration: JSONValue
  }

  public func archive() throws -> LearnerArchive {
    let state = State(
      featureNames: featureNames, labels: labels, present: present, pooling: pooling, configuration: network.configuration)
    var arrays: [String: HostArray] = [:]
    for entry in try network.state().entries { arrays[entry.name] = try entry.tensor.contiguous().hostArray() }
    return LearnerArchive(kind: kind, settings: try StoredParts.json(state), arrays: arrays)
  }

  public init(archive: LearnerArchive) throws {
    let state = try StoredParts(archive, kinds: [TextEncoder.kind]).settings(State.self)
    try RowClasses.check(present: state.present, labels: state.labels, kind: archive.kind)
    do {
      let network = try LanguageModels.make(
        state.configuration, task: .classification(labels: state.present.count, pooling: state.pooling))
      let entries = try archive.arrays.keys.sorted().compactMap { name in try archive.arrays[name].map { (name, try Tensor($0)) } }
      try network.load(StateDictionary(entries), source: "the archive of text_encoder")
      network.eval()
      try self.init(
        featureNames: state.featureNames, labels: state.labels, present: state.present, pooling: state.pooling, network: network)
    } catch let error as any MartletError {
      throw LearnerError(error.problem, expected: error.expected, remedy: "fit the model again: its archive is damaged")
    }
  }
}
