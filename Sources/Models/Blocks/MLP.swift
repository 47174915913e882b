import NN
public import Torch

/// A multi-layer perceptron: linear layers with ReLU, and dropout where wanted, between them.
///
/// Input `[batch, …]` with `inputs` values per item (all further dimensions are flattened), output `[batch, outputs]`. State: `layers.N`.
public final class MLP: StagedNetwork {
  private var layers: [Linear]
  private let dropout: Dropout

  /// - Parameters:
  ///   - inputs: values per item.
  ///   - hidden: the sizes of the layers between; empty makes a linear model.
  ///   - outputs: values per item that come out.
  ///   - dropout: the probability of a zero behind each hidden layer.
  public init(_ inputs: Int, hidden: [Int], outputs: Int, dropout: Double = 0) {
    let sizes = [inputs] + hidden + [outputs]
    layers = zip(sizes, sizes.dropFirst()).map { Linear($0, $1) }
    self.dropout = Dropout(dropout)
  }

  public override func forward(_ x: Tensor) throws(TorchError) -> Tensor {
    var h = x.ndim > 2 ? try x.flatten(from: 1) : x
    for (index, layer) in layers.enumerated() {
      h = try layer(h)
      if index + 1 < layers.count {
        h = try reluOver(h)
        if dropout.p > 0 { h = try dropout(h) }
      }
    }
    return h
  }

  public override var stages: [Stage] {
    layers.indices.map { Stage($0 + 1 < layers.count ? "hidden\($0 + 1)" : "head", ["layers.\($0)"]) }
  }

  public override func replaceHead(classes: Int) throws {
    let classes = try Self.checked(classes: classes)
    let last = layers.count - 1
    layers[last] = Linear(layers[last].inputs, classes)
  }
}
