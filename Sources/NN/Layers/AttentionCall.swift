import Torch

/// One call of ``MultiheadAttention``: its inputs checked, mapped and split into heads.
struct AttentionCall {
  /// `[batch, heads, length, dimension / heads]`.
  private(set) var query: Tensor
  /// `[batch, heads, source, dimension / heads]`.
  private(set) var key: Tensor
  /// `[batch, heads, source, dimension / heads]`.
  private(set) var value: Tensor
  /// What is added to the products, or `nil`.
  private(set) var mask: Tensor?
  /// Whether keys behind their query are hidden in addition.
  private(set) var isCausal: Bool
  /// Whether the inputs have a batch dimension.
  let isBatched: Bool
  private let layer: MultiheadAttention

  init(
    _ layer: MultiheadAttention, _ inputs: [Tensor], mask: Tensor?, keyPaddingMask: Tensor?, isCausal: Bool
  ) throws(TorchError) {
    self.layer = layer
    isBatched = inputs[0].ndim == 3
    try Self.check(layer, inputs.map(\.shape))
    var parts: [Tensor]
    if let weight = layer.inProjWeight, inputs[1].isIdentical(to: inputs[0]), inputs[2].isIdentical(to: inputs[0]) {
      parts = try Self.ordered(inputs[0], layer).linear(weight.value, layer.inProjBias?.value).chunk(3, dim: -1)
    } else {
      let weights = try Self.weights(layer)
      let biases = try layer.inProjBias?.value.chunk(3)
      parts = []
      for index in 0..<3 { parts.append(try Self.ordered(inputs[index], layer).linear(weights[index], biases?[index])) }
    }
    let batch = parts[0].shape[0]
    var added = try Self.mask(mask, keyPaddingMask, layer, batch: batch, length: parts[0].shape[1], source: parts[1].shape[1], parts[0])
    self.isCausal = isCausal
    if isCausal, added != nil || layer.biasK != nil || layer.addsZeroAttention {
      let future = try AttentionMask.future(parts[0].shape[1], parts[1].shape[1], device: parts[0].device)
      let causal = try AttentionMask.added(future, like: parts[0])
      added = try added.map { (mask) throws(TorchError) in try mask + causal } ?? causal
      self.isCausal = false
    }
    if let biasK = layer.biasK, let biasV = layer.biasV {
      parts[1] = try Tensor.cat([parts[1], biasK.value.expand([batch, 1, layer.dimension])], dim: 1)
      parts[2] = try Tensor.cat([parts[2], biasV.value.expand([batch, 1, layer.dimension])], dim: 1)
      added = try added?.pad([0, 1])
    }
    if layer.addsZeroAttention {
      let zeros = try Tensor.zeros([batch, 1, layer.dimension], dtype: parts[1].dtype, device: parts[1].device)
      parts[1] = try Tensor.cat([parts[1], zeros], dim: 1)
      parts[2] = try Tensor.cat([parts[2], zeros], dim: 1)
      added = try added?.pad([0, 1])
    }
    self.mask = added
    let size = [layer.heads, layer.dimension / layer.heads]
    query = try parts[0].unflatten(dim: -1, sizes: size).transpose(1, 2)
    key = try parts[1].unflatten(dim: -1, sizes: size).transpose(1, 2)
    value = try parts[2].unflatten(dim: -1, sizes: size).transpose(1, 2)
  }

  /// Puts causality into the mask, for who adds the mask by hand.
  mutating func spellOutCausality() throws(TorchError) {
    guard isCausal else { return }
    let future = try AttentionMask.future(query.shape[2], key.shape[2], device: query.device)
    mask = try AttentionMask.added(future, like: query)
    isCausal = false
  }

  /// The heads' results `[batch, heads, length, dimension / heads]` brought together, mapped, and in the inputs' order of dimensions.
  func finished(_ heads: Tensor) throws(TorchError) -> Tensor {
    if isBatched, layer.batchFirst, !layer.isTraining { return try layer.outProj(heads.transpose(1, 2).flatten(from: 2)) }
    // PyTorch lays the output out with the length first, and dropout draws its numbers in the order of memory.
    let result = try layer.outProj(heads.permute([2, 0, 1, 3]).flatten(from: 2))
    guard isBatched else { return try result.squeeze(dim: 1) }
    return layer.batchFirst ? try result.transpose(0, 1) : result
  }

  /// The input as `[batch, length, dimension]`.
  private static func ordered(_ x: Tensor, _ layer: MultiheadAttention) throws(TorchError) -> Tensor {
    if x.ndim == 2 { return try x.unsqueeze(0) }
    return layer.batchFirst ? x : try x.transpose(0, 1)
  }

  /// The maps of query, key and value.
  private static func weights(_ layer: MultiheadAttention) throws(TorchError) -> [Tensor] {
    if let weight = layer.inProjWeight { return try weight.value.chunk(3) }
    var weights: [Tensor] = []
    for parameter in [layer.qProjWeight, layer.kProjWeight, layer.vProjWeight] {
      if let parameter { weights.append(try parameter.value) }
    }
    return weights
  }

  private static func check(_ layer: MultiheadAttention, _ shapes: [[Int]]) throws(TorchError) {
    guard layer.dimension > 0, layer.heads > 0, layer.dimension % layer.heads == 0 else {
      throw TorchError.layer(
        "\(layer.heads) heads do not divide the dimension \(layer.dimension)", expected: "a dimension that is a multiple of the heads")
    }
    guard (0...1).contains(layer.dropout) else {
      throw TorchError.layer("the dropout \(layer.dropout) cannot be", expected: "a probability in 0…1")
    }
    let rank = shapes[0].count
    let order = rank == 2 ? "[length, " : layer.batchFirst ? "[batch, length, " : "[length, batch, "
    let got = "got query \(shapes[0]), key \(shapes[1]), value \(shapes[2])"
    let dimensions = [layer.dimension, layer.keyDimension, layer.valueDimension]
    guard (2...3).contains(rank), zip(shapes, dimensions).allSatisfy({ $0.count == rank && $0[rank - 1] == $1 }) else {
      let words = zip(["query", "key", "value"], dimensions).map { "\($0) \(order)\($1)]" }
      throw TorchError.layer(got, expected: words.joined(separator: ", "))
    }
    guard shapes[1].dropLast() == shapes[2].dropLast() else { throw TorchError.layer(got, expected: "key and value of one length") }
    let batch = layer.batchFirst ? 0 : 1
    guard rank == 2 || shapes[0][batch] == shapes[1][batch] else { throw TorchError.layer(got, expected: "batches of one size") }
  }

  /// Both masks as one that is added to `[batch, heads, length, source]`.
  private static func mask(
    _ mask: Tensor?, _ keyPaddingMask: Tensor?, _ layer: MultiheadAttention, batch: Int, length: Int, source: Int, _ x: Tensor
  ) throws(TorchError) -> Tensor? {
    for tensor in [mask, keyPaddingMask] {
      if let tensor, tensor.dtype != .bool, !tensor.dtype.isFloatingPoint {
        throw TorchError.layer("a mask holds \(tensor.dtype)", expected: "booleans or floating-point numbers")
      }
    }
    var result: Tensor?
    if let mask {
      let full = [batch * layer.heads, length, source]
      guard mask.shape == [length, source] || mask.shape == full else {
        throw TorchError.layer("the mask has shape \(mask.shape)", expected: "\([length, source]) or \(full)")
      }
      let added = try AttentionMask.added(mask, like: x)
      result = mask.ndim == 3 ? try added.unflatten(dim: 0, sizes: [batch, layer.heads]) : added
    }
    if let keyPaddingMask {
      let shape = keyPaddingMask.shape
      guard shape == [batch, source] || batch == 1 && shape == [source] else {
        throw TorchError.layer("the mask of padded keys has shape \(shape)", expected: "\([batch, source])")
      }
      let added = try AttentionMask.added(keyPaddingMask, like: x).reshape([batch, 1, 1, source])
      result = try result.map { (mask) throws(TorchError) in try mask + added } ?? added
    }
    return result
  }
}
