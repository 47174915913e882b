/// Sizes along the spatial dimensions of a layer: one number for all, or one for each.
public protocol SpatialExtent {
  /// The sizes of `rank` dimensions. Where an array has another length it is given as it is, and the layer says so when it is used.
  func extents(_ rank: Int) -> [Int]
}

extension Int: SpatialExtent {
  public func extents(_ rank: Int) -> [Int] { [Int](repeating: self, count: rank) }
}

extension Array: SpatialExtent where Element == Int {
  public func extents(_ rank: Int) -> [Int] { self }
}

/// How much is added around the input of a convolution: one number, one for each dimension, `.same` or `.valid`.
public protocol ConvolutionPadding {
  /// What is added before and after each dimension.
  /// - Returns: `nil` where that cannot be with this stride.
  func amounts(kernel: [Int], stride: [Int], dilation: [Int]) -> [(before: Int, after: Int)]?
}

extension Int: ConvolutionPadding {
  public func amounts(kernel: [Int], stride: [Int], dilation: [Int]) -> [(before: Int, after: Int)]? {
    kernel.map { _ in (self, self) }
  }
}

extension Array: ConvolutionPadding where Element == Int {
  public func amounts(kernel: [Int], stride: [Int], dilation: [Int]) -> [(before: Int, after: Int)]? {
    count == kernel.count ? map { ($0, $0) } : nil
  }
}

/// The paddings that have names: `.same` and `.valid`.
public struct NamedPadding: ConvolutionPadding, Sendable, CustomStringConvertible {
  fileprivate enum Kind { case same, valid }
  fileprivate let kind: Kind

  public func amounts(kernel: [Int], stride: [Int], dilation: [Int]) -> [(before: Int, after: Int)]? {
    switch kind {
    case .valid: return kernel.map { _ in (0, 0) }
    case .same:
      guard stride.allSatisfy({ $0 == 1 }) else { return nil }
      return zip(kernel, dilation).map { size, step in
        let total = step * (size - 1)
        return (total / 2, total - total / 2)
      }
    }
  }

  public var description: String { kind == .same ? ".same" : ".valid" }
}

extension ConvolutionPadding where Self == NamedPadding {
  /// As much as keeps the size; only with stride 1. An odd remainder goes to the end.
  public static var same: NamedPadding { NamedPadding(kind: .same) }
  /// None.
  public static var valid: NamedPadding { NamedPadding(kind: .valid) }
}

/// What stands in the padding of a convolution.
public enum PaddingMode: String, Sendable, CaseIterable {
  /// Zeros.
  case zeros
  /// The input mirrored at its edge, the edge itself not repeated.
  case reflect
  /// The value at the edge.
  case replicate
  /// The input's other end.
  case circular
}
