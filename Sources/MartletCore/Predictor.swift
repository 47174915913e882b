/// Anything that answers: a trained network, a forest, an imported ONNX file.
///
/// Implementations are safe to call from many tasks at once; one that runs on libtorch hops to a thread of its own.
public protocol Predictor: Sendable {
  var signature: Signature { get }

  /// Computes all outputs for one batch of inputs.
  /// - Parameter inputs: arrays by input name, as `signature.inputs` describes them.
  /// - Returns: arrays by output name, as `signature.outputs` describes them.
  /// - Throws: `ArgumentError` if the inputs do not fit the signature, and the engine's own errors.
  func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray]
}

/// A predictor of one of several named classes, from the same input.
///
/// Its signature has an output named `probabilities` of shape `[batch, classes]` whose rows sum to one.
public protocol Classifier: Predictor {
  /// The classes' names in the order of the probabilities' columns.
  var labels: [String] { get }
}
