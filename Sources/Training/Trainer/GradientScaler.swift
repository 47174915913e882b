public import MartletCore
public import NN
public import Torch

/// How the loss is scaled in float16; the defaults are PyTorch's.
public struct LossScaling: Sendable, Hashable, Codable {
  /// The first scale.
  public var initialScale: Double
  /// What the scale is multiplied by after `growthInterval` steps in a row with finite gradients.
  public var growthFactor: Double
  /// What the scale is multiplied by after a step whose gradients were not finite.
  public var backoffFactor: Double
  /// Steps in a row with finite gradients before the scale grows.
  public var growthInterval: Int
  /// The run fails when the scale falls below: gradients that are not finite at any scale are not a matter of range.
  public var minimumScale: Double

  /// PyTorch's settings.
  public init(
    initialScale: Double = 65536, growthFactor: Double = 2, backoffFactor: Double = 0.5, growthInterval: Int = 2000,
    minimumScale: Double = 1e-4
  ) {
    self.initialScale = initialScale
    self.growthFactor = growthFactor
    self.backoffFactor = backoffFactor
    self.growthInterval = growthInterval
    self.minimumScale = minimumScale
  }

  /// Refuses factors that do not grow or shrink.
  /// - Throws: `ArgumentError` naming the setting.
  public func validate() throws {
    guard initialScale > 0, initialScale.isFinite else {
      throw ArgumentError("the initial loss scale is \(initialScale)", expected: "a finite number above 0")
    }
    guard growthFactor > 1, growthFactor.isFinite else {
      throw ArgumentError("the loss scale's growth factor is \(growthFactor)", expected: "a finite number above 1")
    }
    guard backoffFactor > 0, backoffFactor < 1 else {
      throw ArgumentError("the loss scale's backoff factor is \(backoffFactor)", expected: "a number between 0 and 1")
    }
    guard growthInterval >= 1 else {
      throw ArgumentError("the loss scale's growth interval is \(growthInterval)", expected: "1 step or more")
    }
    guard minimumScale >= 0, minimumScale.isFinite else {
      throw ArgumentError("the minimum loss scale is \(minimumScale)", expected: "a finite number of 0 or more")
    }
  }
}

/// Scales the loss so that small gradients do not vanish in float16, like PyTorch's `torch.amp.GradScaler`.
///
/// ```swift
/// try scaler.scaled(loss).backward()
/// if try scaler.unscale(parameters) { try optimizer.step() }   // skipped where a gradient is infinite
/// try scaler.update()
/// ```
public final class GradientScaler {
  /// The settings.
  public let settings: LossScaling
  private let scaleTensor: Tensor
  private let growthTracker: Tensor
  private let found: Tensor

  /// A scaler whose numbers live on `device`.
  /// - Throws: `ArgumentError` for settings out of range.
  public init(_ settings: LossScaling = LossScaling(), device: Device = .cpu) throws {
    try settings.validate()
    self.settings = settings
    scaleTensor = try Tensor.full([], value: .double(settings.initialScale), dtype: .float32, device: device)
    growthTracker = try Tensor.zeros([], dtype: .int32, device: device)
    found = try Tensor.zeros([], dtype: .float32, device: device)
  }

  /// What losses are multiplied by now.
  public var scale: Double { get throws(TorchError) { try scaleTensor.double() } }

  /// Steps in a row with finite gradients.
  public var growthSteps: Int { get throws(TorchError) { try growthTracker.int() } }

  /// The loss to run `backward` on.
  public func scaled(_ loss: Tensor) throws(TorchError) -> Tensor { try loss * scaleTensor }

  /// Divides all gradients by the scale and looks for infinities and NaN.
  /// - Returns: whether all are finite; otherwise the optimizer's step is to be skipped.
  public func unscale(_ parameters: [Parameter]) throws(TorchError) -> Bool {
    try withoutGrad { () throws(TorchError) in
      let inverse = try scaleTensor.to(dtype: .float64).reciprocal().to(dtype: .float32)
      try found.zero_()
      let gradients = parameters.compactMap(\.grad)
      guard !gradients.isEmpty else { return true }
      try Tensor._amp_foreach_non_finite_check_and_unscale_(gradients, found, inverse)
      return try found.double() == 0
    }
  }

  /// Grows or shrinks the scale after a step, by what `unscale` found.
  public func update() throws(TorchError) {
    try withoutGrad { () throws(TorchError) in
      try scaleTensor._amp_update_scale_(
        growthTracker, found, scaleGrowthFactor: settings.growthFactor, scaleBackoffFactor: settings.backoffFactor,
        growthInterval: settings.growthInterval)
    }
  }

  /// Scale and growth steps, for checkpoints.
  public func state() throws -> JSONValue { ["scale": .double(try scale), "growthSteps": .int(try growthSteps)] }

  /// Goes on from a saved state.
  /// - Throws: `StateMismatch` if it is none.
  public func load(_ state: JSONValue) throws {
    guard let scale = state["scale"]?.doubleValue, scale > 0, scale.isFinite, let steps = state["growthSteps"]?.intValue, steps >= 0 else {
      throw StateMismatch("the loss scaler's state is \(state)", expected: "a scale above 0 and growthSteps of 0 or more")
    }
    try withoutGrad {
      try scaleTensor.copy_(Tensor.full([], value: .double(scale), dtype: .float32))
      try growthTracker.copy_(Tensor.full([], value: .int(steps), dtype: .int32))
    }
  }
}
