import MartletCore
public import NN
public import Torch

/// What comes out of named layers inside a network.
///
/// ```swift
/// let features = try IntermediateFeatures(of: model, at: ["layer2", "layer3"])
/// let maps = try features(images)["layer3"]        // [batch, 256, height / 16, width / 16]
/// ```
/// The forward pass ends behind the last of them, so that features of early layers are cheap. Gradients flow back as usual.
public final class IntermediateFeatures {
  /// The layers' names as they were given.
  public let names: [String]
  private let model: any Layer
  private let paths: [String]

  /// - Parameter names: paths of modules (`layer3.0.conv1`), or names of a `StagedNetwork`'s stages, for which their last module stands.
  /// - Throws: `ModelError` for a name that there is not, with the nearest that there is.
  public init(of model: any Layer, at names: [String]) throws(ModelError) {
    self.model = model
    self.names = names
    guard !names.isEmpty else { throw ModelError("features of no layer", expected: "one name or more") }
    let modules = model.namedModules().map(\.path)
    let known = Set(modules)
    let stages = (model as? StagedNetwork)?.stages ?? []
    var paths: [String] = []
    for name in names {
      let path = known.contains(name) ? name : stages.first { $0.name == name }?.members.last { known.contains($0) }
      guard let path, !path.isEmpty else {
        let candidates = stages.map(\.name) + modules.dropFirst()
        throw ModelError(
          "\(type(of: model)) has no layer '\(name)'", expected: "a path such as \(candidates.prefix(4).joined(separator: ", "))",
          remedy: NearestName.of(name, among: candidates).map { "'\($0)'" })
      }
      paths.append(path)
    }
    self.paths = paths
  }

  /// Runs the network as far as needed.
  /// - Returns: each layer's output by its name. Where a layer is called several times, its first output.
  /// - Throws: `TorchError` where the input does not fit, or where a layer was not called at all.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> [String: Tensor] {
    let wanted = Set(paths)
    var found: [String: Tensor] = [:]
    // What an observer throws ends the forward pass; this error is caught below and nobody sees it.
    let observation = model.observeForward { (event) throws(TorchError) in
      guard wanted.contains(event.path), found[event.path] == nil, let output = event.outputs.first else { return }
      found[event.path] = output
      if found.count == wanted.count { throw TorchError(.callback, "intermediate features", "all features are there") }
    }
    defer { observation.cancel() }
    do throws(TorchError) {
      _ = try model(x)
    } catch {
      guard found.count == wanted.count else { throw error }
    }
    var features: [String: Tensor] = [:]
    for (name, path) in zip(names, paths) {
      guard let output = found[path] else {
        throw TorchError(
          .value, "intermediate features", "the layer '\(path)' was not called in the forward pass",
          expected: "a layer that runs through observed(_:_:)")
      }
      features[name] = output
    }
    return features
  }
}

/// A network cut off behind one of its layers: the layer in front of another model.
///
/// Its state has the network's own names. Outputs are feature maps `[batch, channels, height, width]`, or with `pooled` their averages
/// `[batch, channels]` (of a transformer's tokens `[batch, tokens, width]` the average over tokens).
public final class FeatureExtractor: Module, Layer {
  private let model: any Layer
  private let features: IntermediateFeatures
  private let pooled: Bool

  init(_ model: any Layer, at name: String, pooled: Bool) throws(ModelError) {
    self.model = model
    self.pooled = pooled
    features = try IntermediateFeatures(of: model, at: [name])
  }

  public override class var stateNames: [String: String] { ["model": ""] }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      guard let output = try features(x).values.first else { return x }
      guard pooled, output.ndim > 2 else { return output }
      return try output.mean(dims: output.ndim == 3 ? [1] : Array(2..<output.ndim))
    }
  }
}

extension StagedNetwork {
  /// The network cut off behind a layer or a stage: `featureExtractor(at: "layer3")`.
  /// - Parameter pooled: whether feature maps are averaged over their positions.
  /// - Throws: `ModelError` for a name that there is not, with the nearest that there is.
  public final func featureExtractor(at name: String, pooled: Bool = false) throws(ModelError) -> FeatureExtractor {
    try FeatureExtractor(self, at: name, pooled: pooled)
  }
}
