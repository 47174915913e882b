import Bundles
import Foundation
import Images
public import MartletCore
import Models
public import NN
import Torch

/// A trained network that answers with probabilities, on a libtorch thread of its own.
///
/// `@unchecked Sendable`: after `init` the network is touched only by work on `thread`, one piece at a time, and nothing changes it.
public final class TorchClassifier: Classifier, ThreadBound, @unchecked Sendable {
  public let signature: Signature
  public let labels: [String]
  private let model: any Layer
  /// Shift and scale of the pixels `[1, channels, 1, 1]`, or `nil` where they stay as they are. Part of the model, so that a client cannot
  /// forget it.
  private let normalization: (mean: Tensor, std: Tensor)?
  private let thread: TorchThread
  private let ownsThread: Bool
  /// Where the network's numbers are.
  private let device: Device
  /// Larger batches are computed piece by piece, so that memory stays bounded.
  private let largestBatch: Int
  /// Multiply-adds of one picture.
  private let work: Int
  /// Below so many multiply-adds, waking and joining a second thread costs more than it computes (measured on the Fashion-MNIST network:
  /// one picture 20 % faster on one thread, eight pictures faster on two).
  private static let smallestSharedWork = 24_000_000

  /// The name of the one input: pictures `[batch, channels, height, width]`.
  public static let inputName = "image"
  /// The name of the one output: `[batch, classes]`.
  public static let outputName = "probabilities"

  /// Takes over a network that gives one logit per class. The caller no longer uses it.
  /// - Parameters:
  ///   - preparation: the network's own; its normalisation becomes part of the classifier, whose inputs are pixels from 0 to 1.
  ///   - thread: where it runs; a new thread of its own if `nil`.
  ///   - device: where the network's numbers are, and where it computes.
  public init(
    _ model: any Layer, labels: [String], preparation: ImagePreparation, thread: TorchThread? = nil, threads: Int? = nil,
    largestBatch: Int = 256, device: Device = .cpu
  ) throws {
    guard device.kind != .cuda || (device.index ?? 0) < Device.cudaCount else {
      throw ArgumentError(
        "the model should compute on \(device), and libtorch sees \(Device.cudaCount) GPUs", expected: "cpu", remedy: "martlet doctor")
    }
    model.eval()
    let isPlain = preparation.mean.allSatisfy { $0 == 0 } && preparation.std.allSatisfy { $0 == 1 }
    let channels = [1, preparation.mode.channels, 1, 1]
    func constant(_ values: [Float]) throws -> Tensor { try Tensor(values, shape: channels).to(device: device) }
    normalization = isPlain ? nil : (try constant(preparation.mean), try constant(preparation.std))
    self.device = device
    self.model = model
    self.labels = labels
    self.largestBatch = max(1, largestBatch)
    work = try summary(of: model, input: [1] + preparation.shape).multiplyAdds
    if device.kind != .cpu { try model.to(device: device) }
    ownsThread = thread == nil
    self.thread = thread ?? TorchThread(name: "martlet.model", threads: threads)
    signature = Self.signature(input: preparation.shape, classes: labels.count)
  }

  deinit { if ownsThread { thread.stop() } }

  public var executor: any TaskExecutor { thread }

  /// The signature of a classifier of pictures.
  public static func signature(input: [Int], classes: Int) -> Signature {
    Signature(
      inputs: [TensorSpec(name: inputName, dtype: .float32, shape: [nil] + input.map(Optional.some), note: "pixels from 0 to 1")],
      outputs: [TensorSpec(name: outputName, dtype: .float32, shape: [nil, classes], note: "one per class, each row sums to 1")])
  }

  /// Builds the network of a bundle and loads its weights.
  /// - Throws: `BundleError`, `ModelError`, `StateError`, naming what does not fit.
  public convenience init(bundle: ModelBundle, threads: Int? = nil, device: Device = .cpu) throws {
    let configuration = try bundle.json(ModelConfiguration.self, of: ModelBundle.WellKnown.configuration)
    guard configuration.classes == bundle.manifest.labels.count else {
      throw ArgumentError(
        "\(bundle.location) names \(bundle.manifest.labels.count) classes, its network has \(configuration.classes)",
        remedy: "register the model again")
    }
    let preparation = try bundle.json(ImageRecipe.self, of: ModelBundle.WellKnown.recipe).preparation
    guard preparation.shape == configuration.input else {
      throw ArgumentError(
        "\(bundle.location) prepares pictures as \(preparation.shape), its network takes \(configuration.input)",
        remedy: "register the model again")
    }
    let model = try configuration.build(seed: 0)
    try model.load(from: bundle.path(of: ModelBundle.WellKnown.weights))
    try self.init(model, labels: bundle.manifest.labels, preparation: preparation, threads: threads, device: device)
  }

  public func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] {
    try signature.check(inputs: inputs)
    guard let images = inputs[Self.inputName] else { throw ArgumentError("input '\(Self.inputName)' is missing") }
    let probabilities = try await thread.run { [self] in
      guard TorchThreads.count > 1, images.shape[0] * work < Self.smallestSharedWork else { return try answer(images) }
      return try TorchThreads.with(1) { try answer(images) }
    }
    return [Self.outputName: probabilities]
  }

  private func answer(_ images: HostArray) throws -> HostArray {
    try inferenceMode {
      var x = try Tensor(images)
      if device.kind != .cpu { x = try x.to(device: device) }
      if let normalization { x = try (x - normalization.mean) / normalization.std }
      if images.shape[0] <= largestBatch { return try host(model(x).softmax(dim: 1)) }
      return try host(Tensor.cat(x.split(largestBatch, dim: 0).map { try model($0).softmax(dim: 1) }, dim: 0))
    }
  }

  private func host(_ x: Tensor) throws -> HostArray { try (device.kind == .cpu ? x : x.to(device: .cpu)).hostArray() }
}
