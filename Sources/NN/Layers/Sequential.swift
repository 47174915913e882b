public import Torch

/// Layers one after the other.
///
/// In the state its layers are called by position (`0.weight`, `1.bias`), or by the names that were given.
///
/// ```swift
/// let model = Sequential {
///   Conv2d(1, 32, kernel: 3)
///   ReLU()
///   Flatten()
///   Linear(21632, 10)
/// }
/// ```
public final class Sequential: Module, Layer {
  private let names: [String]
  /// The layers in order.
  public let layers: [any Layer]

  /// Takes layers, called `0`, `1` …
  public init(_ layers: [any Layer]) {
    names = layers.indices.map(String.init)
    self.layers = layers
  }

  /// Takes layers, called `0`, `1` …
  public convenience init(_ layers: any Layer...) { self.init(layers) }

  /// Takes layers with names of their own: `Sequential(named: ["conv1": …, "relu1": …])`.
  public init(named layers: KeyValuePairs<String, any Layer>) {
    names = layers.map(\.key)
    self.layers = layers.map(\.value)
  }

  /// Takes the layers that the closure lists; `if` and `for` may be used.
  public convenience init(@LayerBuilder _ layers: () -> [any Layer]) { self.init(layers()) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      var result = x
      for layer in layers { result = try layer(result) }
      return result
    }
  }

  /// The layer at a position.
  /// - Precondition: the position is one of `layers.indices`.
  public subscript(position: Int) -> any Layer { layers[position] }

  /// The number of layers.
  public var count: Int { layers.count }

  public override func stateMembers() -> [(name: String, member: Any)] { zip(names, layers).map { ($0, $1) } }
}

/// Collects the layers that a closure lists.
@resultBuilder
public enum LayerBuilder {
  /// One layer.
  public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
  /// Several layers that were made elsewhere.
  public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
  /// The lines of a closure in order.
  public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
  /// An `if` without `else`.
  public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
  /// The first branch of an `if`.
  public static func buildEither(first part: [any Layer]) -> [any Layer] { part }
  /// The other branch of an `if`.
  public static func buildEither(second part: [any Layer]) -> [any Layer] { part }
  /// A `for` loop.
  public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
}
