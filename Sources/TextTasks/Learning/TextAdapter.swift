import Foundation
public import Models
import NN
import Torch

/// What of a model learns.
public enum TextAdapter: Sendable, Hashable {
  /// All weights.
  case whole
  /// The head alone.
  case head
  /// Narrow products beside the weights.
  case lora(LoRASettings)
  /// Learned keys and values before those of each layer.
  case prefix(length: Int)

  /// Makes the model ready to learn.
  /// - Throws: `ModelError` where the adapter does not fit the model.
  public func attach(to model: LanguageModel) throws {
    // A head that was made new has to learn, too.
    let heads = Set(model.head.namedParameters().map { $0.name.split(separator: ".").first.map(String.init) ?? $0.name }).sorted()
    switch self {
    case .whole: model.unfreeze()
    case .head:
      guard !model.head.parameters().isEmpty else {
        throw ModelError("a model for \(model.task.name) has no head that could learn", remedy: "adapter: whole or lora")
      }
      model.unfreeze()
      model.body.freeze()
    case .lora(var settings):
      if settings.trained.isEmpty, trainsHead(model) { settings.trained = heads }
      try model.addLoRA(settings)
    case .prefix(let length): try model.addPrefixes(length: length, trained: trainsHead(model) ? heads : [])
    }
  }

  /// Makes a body with several heads ready to learn: the heads always do.
  /// - Throws: `ModelError` where the adapter does not fit the model.
  public func attach(to model: MultiHeadLanguageModel) throws {
    model.unfreeze()
    switch self {
    case .whole: break
    case .head: model.base.freeze()
    case .lora(let settings): try model.base.addLoRA(settings)
    case .prefix:
      throw ModelError("several heads do not learn with prefixes", expected: "whole, head or lora")
    }
  }

  /// A body with several heads as it is served.
  public func finish(_ model: MultiHeadLanguageModel, reload: () throws -> LanguageModel) throws -> MultiHeadLanguageModel {
    let base = try finish(model.base, reload: reload)
    let result = base === model.base ? model : try MultiHeadLanguageModel(base, taking: model.heads)
    result.unfreeze()
    result.eval()
    return result
  }

  /// Heads of classes are new for the task; those that score all tokens are not.
  private func trainsHead(_ model: LanguageModel) -> Bool {
    switch model.task {
    case .classification, .tokenClassification, .questionAnswering: true
    default: false
    }
  }

  /// The model as it is served: adapters are added to the weights.
  /// - Parameter reload: gives the model as it was before it learnt, for weights that were rounded in training.
  public func finish(_ model: LanguageModel, reload: () throws -> LanguageModel) throws -> LanguageModel {
    guard case .lora(let settings) = self else { return model }
    var result = model
    if settings.quantization != nil {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-adapters-\(UUID().uuidString)").path
      defer { try? FileManager.default.removeItem(atPath: folder) }
      try model.saveAdapters(to: folder)
      result = try reload()
      try result.loadAdapters(from: folder)
    }
    try result.mergeAdapters()
    result.removeAdapters()
    result.eval()
    return result
  }
}
