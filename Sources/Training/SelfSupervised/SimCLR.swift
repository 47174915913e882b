import MartletCore
public import NN
public import Torch

/// Learning without labels by telling two views of one item from views of all others (Chen et al.: "SimCLR", ICML 2020, arXiv:2002.05709).
///
/// ```swift
/// let model = SimCLR(encoder, features: 128)
/// let trainer = try Trainer(model, optimizer: .adamW(learningRate: 1e-3))
/// try await trainer.fit(DataLoader(ViewPairs(source, seed: 1) { … }, batchSize: 256, shuffle: true, dropLast: true), epochs: 100)
/// let classifier = Sequential(encoder, Linear(128, 10))        // goes on with the encoder's weights
/// ```
/// State: `encoder.…`, `projection.…`.
public final class SimCLR: Module {
  /// What is wanted in the end: `[batch, …]` to `[batch, features]`.
  public let encoder: any Layer
  /// Two layers that are thrown away afterwards.
  public let projection: Sequential
  /// Divides the similarities; smaller numbers look harder at the nearest others.
  public let temperature: Double

  /// - Parameters:
  ///   - features: the length of the encoder's output.
  ///   - projected: the length of the vectors that are compared.
  public init(_ encoder: any Layer, features: Int, projected: Int = 64, temperature: Double = 0.5) {
    self.encoder = encoder
    projection = Sequential(Linear(features, features), ReLU(), Linear(features, projected))
    self.temperature = temperature
  }

  /// One pass over a batch of `ViewPairs`: the loss, and `accuracy`, the share of views whose nearest other view is their partner.
  public func step(_ batch: Batch) throws -> StepOutput {
    guard let second = batch.extras[ViewPairs.second] else {
      throw ArgumentError("the batch has one view only", expected: "batches of ViewPairs")
    }
    let vectors = try projection(encoder(Tensor.cat([batch.inputs, second])))
    let similarities = try Self.similarities(vectors, temperature: temperature)
    let partners = try Self.partners(batch.inputs.size(0), device: vectors.device)
    let loss = try crossEntropy(similarities, partners)
    let hits = try withoutGrad { try similarities.argmax(dim: 1).eq(partners).to(.float64).mean().double() }
    return StepOutput(loss: loss, outputs: vectors, measured: [("accuracy", hits)])
  }

  /// The normalised, temperature-scaled cross-entropy of two lots of vectors, the i-th of one belonging to the i-th of the other.
  func loss(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor {
    let vectors = try Tensor.cat([first, second])
    return try crossEntropy(
      Self.similarities(vectors, temperature: temperature), Self.partners(first.size(0), device: first.device))
  }

  /// Cosines over the temperature, `[views, views]`; what is compared with itself is out of the question.
  private static func similarities(_ vectors: Tensor, temperature: Double) throws(TorchError) -> Tensor {
    let length = try vectors.linalgVectorNorm(dims: [1], keepDim: true).clampMin(.double(1e-12))
    let unit = try vectors / length
    let products = try unit.matmul(unit.t()) / temperature
    let itself = try Tensor.eye(products.size(0), dtype: .bool, device: products.device)
    return try products.maskedFill(itself, .double(-.infinity))
  }

  /// The place of each view's partner: n … 2n−1, then 0 … n−1.
  private static func partners(_ count: Int, device: Device) throws(TorchError) -> Tensor {
    try Tensor((0..<(2 * count)).map { Int64(($0 + count) % (2 * count)) }, device: device)
  }
}

extension Trainer {
  /// A trainer for learning without labels; its loader gives `ViewPairs`.
  /// - Throws: `ArgumentError` for settings out of range, `TorchError` if a parameter could not be made.
  public convenience init(
    _ model: SimCLR, optimizer: OptimizerChoice, schedule: Schedule = .constant, seed: UInt64 = 0,
    options: TrainerOptions = TrainerOptions(), thread: TorchThread = .main
  ) throws {
    try check("the temperature", model.temperature, isNonNegative: true)
    try self.init(
      model, optimizer: optimizer, schedule: schedule, metrics: [], seed: seed, options: options, thread: thread,
      objective: model.step)
  }
}
