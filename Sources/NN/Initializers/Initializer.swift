public import Torch

/// How a parameter gets its first values.
///
/// Given the same `RandomState.seed`, the initializers draw the same numbers as those of `torch.nn.init` after `torch.manual_seed`.
public struct Initializer: Sendable {
  /// What it is called in configurations and messages.
  public let name: String
  private let body: @Sendable (Tensor) throws(TorchError) -> Void

  /// An initializer of the house: it writes into the tensor, with gradients off.
  init(_ name: String, inPlace body: @escaping @Sendable (Tensor) throws(TorchError) -> Void) {
    self.name = name
    self.body = body
  }

  /// An initializer of one's own.
  /// - Parameters:
  ///   - name: what it is called in messages.
  ///   - make: the values for a shape, given as a tensor of that shape.
  public init(_ name: String, _ make: @escaping @Sendable (_ shape: [Int]) throws -> Tensor) {
    self.init(
      name,
      inPlace: { (tensor) throws(TorchError) in
        let values: Tensor
        do { values = try make(tensor.shape) } catch { throw TorchError(thrown: error, by: "initializer '\(name)'") }
        try Parameter.overwrite(tensor, with: values)
      })
  }

  /// The same values under another name.
  func named(_ name: String) -> Initializer { Initializer(name, inPlace: body) }

  /// Writes values into a tensor.
  func fill(_ tensor: Tensor) throws(TorchError) {
    try withoutGrad { () throws(TorchError) in try body(tensor.detach()) }
  }
}

extension Initializer {
  /// Zeros.
  public static let zeros = Initializer("zeros", inPlace: { (tensor) throws(TorchError) in try tensor.fill_(0) })

  /// Ones.
  public static let ones = Initializer("ones", inPlace: { (tensor) throws(TorchError) in try tensor.fill_(1) })

  /// One value everywhere.
  public static func constant(_ value: Double) -> Initializer {
    Initializer("constant", inPlace: { (tensor) throws(TorchError) in try tensor.fill_(Scalar(value)) })
  }

  /// Uniform in `low`..<`high`.
  public static func uniform(_ low: Double = 0, _ high: Double = 1) -> Initializer {
    Initializer("uniform", inPlace: { (tensor) throws(TorchError) in try tensor.uniform_(from: low, to: high) })
  }

  /// Normal with a mean and a standard deviation.
  public static func normal(mean: Double = 0, std: Double = 1) -> Initializer {
    Initializer("normal", inPlace: { (tensor) throws(TorchError) in try tensor.normal_(mean: mean, std: std) })
  }
}
