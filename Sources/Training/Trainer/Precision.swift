public import MartletCore
public import Torch

/// In which numbers forward passes and losses are computed. Weights, gradients' sums and optimizer stay in float32.
public enum Precision: String, Sendable, Hashable, Codable, CaseIterable {
  /// Everything in float32.
  case float32
  /// Matrix products and convolutions in bfloat16: float32's range, 8 bits of precision.
  case bfloat16
  /// Matrix products and convolutions in float16: 11 bits of precision and a small range, so that the loss is scaled (`LossScaling`).
  case float16

  /// What matrix products and convolutions run in, `nil` for no conversion.
  public var computeType: DType? {
    switch self {
    case .float32: nil
    case .bfloat16: .bfloat16
    case .float16: .float16
    }
  }

  /// Runs a forward pass and its loss in this precision (Micikevicius et al.: "Mixed precision training", ICLR 2018, arXiv:1710.03740).
  /// The backward pass belongs outside.
  public func run<Result>(on device: Device = .cpu, _ body: () throws -> Result) throws -> Result {
    guard let computeType else { return try body() }
    return try autocast(computeType, device: device, body)
  }

  /// What matrix products on `device` give here and now: the type of an enclosing mixed precision, `nil` outside one.
  static func current(on device: Device) throws(TorchError) -> DType? {
    let one = try Tensor.ones([1, 1], device: device)
    let type = try withoutGrad { () throws(TorchError) in try one.matmul(one).dtype }
    return type == .float32 ? nil : type
  }
}
