public import Torch

/// How ``interpolate(_:size:scale:mode:alignCorners:antialias:)`` makes values between the given ones. Raw values are PyTorch's names.
public enum InterpolationMode: String, Sendable, CaseIterable {
  /// The nearest value, as PyTorch's `nearest` rounds (towards the start).
  case nearest
  /// The nearest value, as Pillow and scikit-image round.
  case nearestExact = "nearest-exact"
  /// Straight lines; one spatial dimension.
  case linear
  /// Straight lines; two spatial dimensions.
  case bilinear
  /// Cubic curves; two spatial dimensions.
  case bicubic
  /// Straight lines; three spatial dimensions.
  case trilinear
  /// Averages, for making smaller.
  case area

  /// The numbers of spatial dimensions that the mode works in.
  var ranks: ClosedRange<Int> {
    switch self {
    case .nearest, .nearestExact, .area: 1...3
    case .linear: 1...1
    case .bilinear, .bicubic: 2...2
    case .trilinear: 3...3
    }
  }
}

/// Makes sequences, images or volumes larger or smaller (`torch.nn.functional.interpolate`).
///
/// - Parameters:
///   - x: `[batch, channels, …]` with one to three spatial dimensions.
///   - size: the sizes of the result, one for each spatial dimension. Either this or `scale`.
///   - scale: the factors, one for each spatial dimension or one for all.
///   - mode: how values between the given ones are made.
///   - alignCorners: whether the centres of the corner values stay where they are; only for the linear and cubic modes.
///   - antialias: whether making smaller averages over what falls together; only for `.bilinear` and `.bicubic`.
/// - Returns: `[batch, channels, size…]`.
/// - Throws: `TorchError` where mode, sizes and input do not go together.
public func interpolate(
  _ x: Tensor, size: [Int]? = nil, scale: [Double]? = nil, mode: InterpolationMode = .nearest, alignCorners: Bool? = nil,
  antialias: Bool = false
) throws(TorchError) -> Tensor {
  let rank = x.ndim - 2
  func refuse(_ problem: String, _ expected: String) -> TorchError { .layer(problem, in: "interpolate", expected: expected) }
  guard mode.ranks.contains(rank) else {
    let names = mode.ranks.map { PoolingShape.names($0) }.joined(separator: " or ")
    throw refuse("the mode \(mode.rawValue) got \(x.shape)", names)
  }
  let isSmooth = [.linear, .bilinear, .bicubic, .trilinear].contains(mode)
  guard isSmooth || alignCorners == nil else {
    throw refuse("the mode \(mode.rawValue) has no corners to align", "alignCorners with linear and cubic modes only")
  }
  guard !antialias || mode == .bilinear || mode == .bicubic else {
    throw refuse("the mode \(mode.rawValue) cannot smooth what it makes smaller", "antialias with .bilinear or .bicubic")
  }
  guard (size == nil) != (scale == nil) else {
    throw refuse("size and scale are \(size == nil ? "both missing" : "both given")", "one of them")
  }
  let factors = scale.map { $0.count == 1 ? [Double](repeating: $0[0], count: rank) : $0 }
  guard size.map({ $0.count == rank && $0.allSatisfy { $0 > 0 } }) ?? true else {
    throw refuse("the size \(size ?? []) cannot be", "\(rank) sizes above zero")
  }
  guard factors.map({ $0.count == rank && $0.allSatisfy { $0 > 0 } }) ?? true else {
    throw refuse("the scale \(factors ?? []) cannot be", "\(rank) factors above zero, or one")
  }
  let output = size ?? zip(x.shape.suffix(rank), factors ?? []).map { Int(Double($0) * $1) }
  let corners = alignCorners ?? false
  switch (mode, rank) {
  case (.nearest, 1): return try x.upsampleNearest1d(outputSize: size, scaleFactors: factors)
  case (.nearest, 2): return try x.upsampleNearest2d(outputSize: size, scaleFactors: factors)
  case (.nearest, _): return try x.upsampleNearest3d(outputSize: size, scaleFactors: factors)
  case (.nearestExact, _):
    let operation = try TorchOperator("aten::_upsample_nearest_exact\(rank)d.vec")
    return try operation(.tensor(x), size.map { .ints($0) } ?? .none, factors.map { .doubles($0) } ?? .none)[0].asTensor()
  case (.linear, _): return try x.upsampleLinear1d(outputSize: size, alignCorners: corners, scaleFactors: factors)
  case (.bilinear, _):
    guard antialias else { return try x.upsampleBilinear2d(outputSize: size, alignCorners: corners, scaleFactors: factors) }
    return try x.upsampleBilinear2dAntialias(outputSize: output, alignCorners: corners, scalesH: factors?[0], scalesW: factors?[1])
  case (.bicubic, _):
    guard antialias else { return try x.upsampleBicubic2d(outputSize: size, alignCorners: corners, scaleFactors: factors) }
    return try x.upsampleBicubic2dAntialias(outputSize: output, alignCorners: corners, scalesH: factors?[0], scalesW: factors?[1])
  case (.trilinear, _): return try x.upsampleTrilinear3d(outputSize: size, alignCorners: corners, scaleFactors: factors)
  case (.area, 1): return try x.adaptiveAvgPool1d(outputSize: output)
  case (.area, 2): return try x.adaptiveAvgPool2d(outputSize: output)
  case (.area, _): return try x.adaptiveAvgPool3d(outputSize: output)
  }
}
