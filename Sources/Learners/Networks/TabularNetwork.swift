import Foundation
import MartletCore
import NN
import Torch

/// What bends the sums of a layer.
public enum NetworkActivation: String, Sendable, Codable, CaseIterable {
  case relu, gelu, tanh, silu

  func callAsFunction(_ x: Tensor) throws -> Tensor {
    switch self {
    case .relu: try x.relu()
    case .gelu: try x.gelu()
    case .tanh: try x.tanh()
    case .silu: try x.silu()
    }
  }
}

/// What a network is made of; its parameters live elsewhere, by name.
enum TabularNetwork: Sendable, Codable {
  /// Layers of the given sizes over all inputs side by side; categories as a number for each place and unit.
  case layers(hidden: [Int], activation: NetworkActivation)
  /// A token for each feature and one for the answer (FT-Transformer: Gorishniy and others 2021).
  case transformer(width: Int, heads: Int, blocks: Int, inner: Int)

  struct Shape {
    let name: String
    let sizes: [Int]
    /// Uniform within plus and minus this; or a constant.
    let bound: Double
    var constant = 0.0
  }

  /// Names, sizes and first values of all parameters.
  func shapes(numbers: Int, features: Int, places: Int, outputs: Int) -> [Shape] {
    func linear(_ name: String, _ inputs: Int, _ outputs: Int) -> [Shape] {
      let bound = 1 / Double(max(inputs, 1)).squareRoot()
      return [
        Shape(name: name + ".weight", sizes: [outputs, inputs], bound: bound), Shape(name: name + ".bias", sizes: [outputs], bound: bound),
      ]
    }
    func norm(_ name: String, _ width: Int) -> [Shape] {
      [
        Shape(name: name + ".weight", sizes: [width], bound: 0, constant: 1), Shape(name: name + ".bias", sizes: [width], bound: 0),
      ]
    }
    switch self {
    case .layers(let hidden, _):
      var shapes: [Shape] = []
      let first = hidden.first ?? outputs
      let bound = 1 / Double(max(numbers + features, 1)).squareRoot()
      shapes.append(Shape(name: "layers.0.weight", sizes: [first, numbers], bound: bound))
      shapes.append(Shape(name: "layers.0.bias", sizes: [first], bound: bound))
      if places > 0 { shapes.append(Shape(name: "categories.weight", sizes: [places, first], bound: bound)) }
      let widths = hidden + [outputs]
      for layer in 1..<max(widths.count, 1) { shapes += linear("layers.\(layer)", widths[layer - 1], widths[layer]) }
      return shapes
    case .transformer(let width, _, let blocks, let inner):
      let bound = 1 / Double(width).squareRoot()
      var shapes = [
        Shape(name: "answer", sizes: [width], bound: bound), Shape(name: "numbers.weight", sizes: [numbers, width], bound: bound),
        Shape(name: "numbers.bias", sizes: [numbers, width], bound: bound),
      ]
      if places > 0 {
        shapes.append(Shape(name: "categories.weight", sizes: [places, width], bound: bound))
        shapes.append(Shape(name: "categories.bias", sizes: [features, width], bound: bound))
      }
      for block in 0..<blocks {
        let name = "blocks.\(block)."
        // The first block's tokens are fresh from their own maps and need no norm.
        if block > 0 { shapes += norm(name + "attention_norm", width) }
        for part in ["query", "key", "value", "out"] { shapes += linear(name + part, width, width) }
        shapes += norm(name + "inner_norm", width) + linear(name + "inner", width, 2 * inner) + linear(name + "outer", inner, width)
      }
      return shapes + norm("norm", width) + linear("head", width, outputs)
    }
  }

  /// - Returns: `[rows, outputs]`.
  func forward(_ p: [String: Tensor], _ batch: TabularInputs.Batch, _ drop: TabularDropout?) throws -> Tensor {
    func get(_ name: String) throws -> Tensor {
      guard let tensor = p[name] else { throw LearnerError("the network has no parameter '\(name)'") }
      return tensor
    }
    func linear(_ x: Tensor, _ name: String) throws -> Tensor { try x.linear(get(name + ".weight"), get(name + ".bias")) }
    func norm(_ x: Tensor, _ name: String) throws -> Tensor {
      try x.layerNorm(normalizedShape: [x.shape[x.ndim - 1]], get(name + ".weight"), get(name + ".bias"))
    }
    let rows = batch.numbers.shape[0]
    switch self {
    case .layers(let hidden, let activation):
      var x = try linear(batch.numbers, "layers.0")
      if let places = batch.places { x = try x + get("categories.weight").embedding(places).sum(dims: [1]) }
      for layer in hidden.indices {
        x = try activation(x)
        if let drop { x = try drop(x) }
        x = try linear(x, "layers.\(layer + 1)")
      }
      return x
    case .transformer(let width, let heads, let blocks, _):
      var tokens = [try get("answer").reshape([1, 1, width]).expand([rows, 1, width])]
      let numbers = batch.numbers.shape[1]
      if numbers > 0 {
        tokens.append(try batch.numbers.reshape([rows, numbers, 1]) * get("numbers.weight") + get("numbers.bias"))
      }
      if let places = batch.places { tokens.append(try get("categories.weight").embedding(places) + get("categories.bias")) }
      var x = try Tensor.cat(tokens, dim: 1)
      let count = x.shape[1], each = width / heads
      func split(_ t: Tensor) throws -> Tensor { try t.reshape([rows, count, heads, each]).transpose(1, 2) }
      for block in 0..<blocks {
        let name = "blocks.\(block)."
        let h = block > 0 ? try norm(x, name + "attention_norm") : x
        let (q, k, v) = (try split(linear(h, name + "query")), try split(linear(h, name + "key")), try split(linear(h, name + "value")))
        var shares = try (q.matmul(k.transpose(2, 3)) / Double(each).squareRoot()).softmax(dim: -1)
        if let drop { shares = try drop(shares) }
        let mixed = try shares.matmul(v).transpose(1, 2).reshape([rows, count, width])
        x = try x + linear(mixed, name + "out")
        let wide = try linear(norm(x, name + "inner_norm"), name + "inner")
        let half = wide.shape[2] / 2
        var gated = try wide.narrow(dim: 2, start: 0, length: half) * wide.narrow(dim: 2, start: half, length: half).relu()
        if let drop { gated = try drop(gated) }
        x = try x + linear(gated, name + "outer")
      }
      return try linear(norm(x.select(dim: 1, index: 0), "norm").relu(), "head")
    }
  }
}

/// Dropout by a generator of its own, so that the process's random numbers are neither used nor moved.
struct TabularDropout {
  let rate: Double
  let generator: Generator

  func callAsFunction(_ x: Tensor) throws -> Tensor {
    guard rate > 0 else { return x }
    let kept = try Tensor.rand(x.shape, generator: generator) .>= rate
    return try x * kept.to(x.dtype) / (1 - rate)
  }
}
