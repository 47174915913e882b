import Bundles
import Generation
import MartletCore
import Registry

/// The smaller models that guess ahead for those that a server writes with, each loaded once.
final class DraftModels {
  /// Drafts by the name of the model that they guess for; `*` is every model that continues texts.
  private let references: [String: String]
  /// Where they are; `nil` where there are none.
  private let registry: ModelRegistry?
  private var loaded: [String: DecoderModel] = [:]

  init(_ references: [String: String], _ registry: ModelRegistry?) {
    self.references = references
    self.registry = registry
  }

  /// - Parameter version: the model that writes.
  /// - Returns: its draft; `nil` where it has none.
  /// - Throws: `ArgumentError` for a draft that does not write text, `RegistryError` for one that is not there.
  func draft(for version: ModelVersion) throws -> DraftModel? {
    let own = references[version.name]
    guard let registry, let reference = own ?? references["*"] else { return nil }
    let draft = try registry.resolve(reference)
    // The smallest of all models is nobody's large one.
    guard draft.reference != version.reference else { return nil }
    if let known = loaded[draft.reference] { return DraftModel(model: known, reference: draft.reference, isForAll: own == nil) }
    let model = try MartletEngine.decoder(registry.bundle(draft))
    loaded[draft.reference] = model
    return DraftModel(model: model, reference: draft.reference, isForAll: own == nil)
  }

  /// Refuses drafts for models that are not there.
  /// - Parameter names: the language models that are served, and what they are made of.
  /// - Throws: `ArgumentError` naming the draft.
  func check(_ names: Set<String>) throws {
    for (name, draft) in references.sorted(by: { $0.key < $1.key }) where name != "*" && !names.contains(name) {
      let near = NearestName.of(name, among: names.sorted()).map { "did you mean '\($0)'?" }
      throw ArgumentError(
        "the draft '\(draft)' is for '\(name)', which is not served", expected: names.sorted().joined(separator: ", "), remedy: near)
    }
    if references["*"] != nil, names.isEmpty {
      throw ArgumentError("there is a draft, but no language model is served", expected: "a language model")
    }
  }
}

/// A small model that guesses what a large one writes.
struct DraftModel {
  let model: DecoderModel
  /// What it is called, for messages.
  let reference: String
  /// It is for all models, of which it leaves out those that no draft goes with.
  let isForAll: Bool

  /// The model as the engine takes it; `nil` where there is nothing to guess.
  /// - Throws: `ArgumentError` where the models' tokens differ.
  func fitting(_ large: DecoderModel, name: String) throws -> DecoderModel? {
    if isForAll, large.isEncoderDecoder { return nil }
    guard model.configuration.vocabulary == large.configuration.vocabulary || large.isEncoderDecoder || model.isEncoderDecoder else {
      throw ArgumentError(
        "the draft \(reference) knows \(model.configuration.vocabulary) tokens, \(name) knows \(large.configuration.vocabulary)",
        expected: "models with one tokenizer", remedy: "name the model that it is for: --draft MODEL=\(reference)")
    }
    return model
  }
}
