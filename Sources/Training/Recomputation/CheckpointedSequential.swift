import MartletCore
public import NN
public import Torch

/// Layers one after the other that keep only what goes from segment to segment, like PyTorch's `checkpoint_sequential`.
///
/// In the state its layers are called by position, as in `Sequential`: weights of one load into the other. The last segment is not
/// computed twice: its backward pass comes first.
public final class CheckpointedSequential: Module, Layer {
  /// The layers in order.
  public let layers: [any Layer]
  /// The number of parts whose inputs are kept.
  public let segments: Int

  /// - Parameters:
  ///   - layers: called `0`, `1` …
  ///   - segments: parts whose inputs are kept; the square root of the number of layers if `nil`, which takes the least memory for layers of
  ///     one size. At least one and no more than there are layers.
  public init(_ layers: [any Layer], segments: Int? = nil) {
    self.layers = layers
    let usual = Int(Double(layers.count).squareRoot().rounded())
    self.segments = min(max(1, segments ?? usual), max(1, layers.count))
  }

  /// Takes the layers that the closure lists; `if` and `for` may be used.
  public convenience init(segments: Int? = nil, @LayerBuilder _ layers: () -> [any Layer]) { self.init(layers(), segments: segments) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      var result = x
      for segment in 0..<segments {
        let part = Array(layers[(segment * layers.count / segments)..<((segment + 1) * layers.count / segments)])
        if segment == segments - 1 {
          result = try Self.run(part, result)
        } else {
          result = try checkpointed([result], using: part) { (inputs) throws(TorchError) in [try Self.run(part, inputs[0])] }[0]
        }
      }
      return result
    }
  }

  private static func run(_ layers: [any Layer], _ x: Tensor) throws(TorchError) -> Tensor {
    var result = x
    for layer in layers { result = try layer(result) }
    return result
  }

  public override func stateMembers() -> [(name: String, member: Any)] { layers.enumerated().map { ("\($0)", $1) } }

  public override var details: String { "\(layers.count) layers, \(segments) segments" }
}
