import MartletCore
import NN
import Torch

extension LayerCase {
  /// Layers of two inputs, bags, functions, and layers with norms of their weights.
  func pairs(_ c: Config) throws -> Subject? {
    switch layer {
    case "Bilinear":
      return Subject(Bilinear(c.int("first"), c.int("second"), c.int("out"), bias: c.bool("bias", true))) { [try $0($1("x"), $1("y"))] }
    case "CosineSimilarity":
      return Subject(CosineSimilarity(dim: c.int("dim", 1), eps: c.double("eps", 1e-8))) { [try $0($1("x"), $1("y"))] }
    case "PairwiseDistance":
      return Subject(PairwiseDistance(p: c.double("p", 2), eps: c.double("eps", 1e-6), keepDim: c.bool("keepDim", false))) {
        [try $0($1("x"), $1("y"))]
      }
    case "EmbeddingBag": return bag(c)
    case "interpolate":
      let mode = InterpolationMode(rawValue: c.string("mode")) ?? .nearest, scale = config["scale"]?.arrayValue?.compactMap(\.doubleValue)
      return Subject(Stateless()) { _, inputs in
        [try interpolate(inputs("input"), size: c.ints("size"), scale: scale, mode: mode, antialias: c.bool("antialias", false))]
      }
    case "weightNorm": return try normalized(c) { try weightNorm($0, $1, dim: config["dim"] == .null ? nil : c.int("dim")) }
    case "spectralNorm": return try normalized(c) { try spectralNorm($0, $1, powerIterations: c.int("iterations", 1)) }
    default: return nil
    }
  }

  private func bag(_ c: Config) -> Subject {
    let mode: EmbeddingBagMode = c.string("mode") == "sum" ? .sum : c.string("mode") == "max" ? .max : .mean
    let bag = EmbeddingBag(
      5, 2, mode: mode, paddingIndex: config["paddingIndex"]?.intValue, maxNorm: config["maxNorm"]?.doubleValue,
      includeLastOffset: c.bool("includeLastOffset", false))
    return Subject(bag) { bag, inputs in
      guard let indices = inputs["indices"] else { return [try bag(inputs("input"))] }
      return [try bag(indices, offsets: inputs["offsets"], weights: inputs["weights"])]
    }
  }

  private func normalized(_ c: Config, _ change: (Module, String) throws -> Module) throws -> Subject {
    let name = c.string("name", "weight")
    let layer: any Layer =
      switch c.string("of") {
      case "conv": Conv1d(2, 3, kernel: 2)
      case "transposed": ConvTranspose1d(2, 3, kernel: 2)
      case "attention": MultiheadAttention(2, heads: 1)
      default: Linear(3, 2)
      }
    _ = try change(layer, name)
    return Subject(layer)
  }
}
