import Bundles
import Commands
import Foundation
import MartletCore
import Project
import Registry
import Text
import TextTasks
import Torch

/// A project's training texts in other words, translated there and back by models of the registry.
struct Paraphrases: Sendable {
  private let training: TextTraining

  init(_ training: TextTraining) { self.training = training }

  /// - Returns: for each training text its other words; `nil` where it has none. Empty where the project asks for none.
  /// - Throws: `RegistryError` for models that are not there, `ArgumentError` for those that do not translate.
  func make() async throws -> [String?] {
    guard let choice = training.project.augment?.backTranslation else { return [] }
    let texts = try training.examples.texts(training.parts.training)
    var random = KeyedRandom(seed: training.project.training.seed, purpose: "back-translation", index: 0)
    let chosen = texts.indices.filter { _ in random.bernoulli(choice.share) }
    let registry = try ModelRegistry.open(at: training.surroundings.registry)
    let there = try registry.resolve(choice.there), back = try registry.resolve(choice.back)
    let identity = try [there, back].map { try registry.bundle($0).digest }.joined(separator: " ") + " \(choice.prompt)"
    let folder = training.file.resolve(training.project.output) + "/back-translation"
    let translation = BackTranslation(
      identity: identity, cache: folder, there: try Self.translator(there, registry, choice.prompt),
      back: try Self.translator(back, registry, choice.prompt))
    let quiet = training.surroundings.quiet
    if !quiet { Terminal.note("\(chosen.count) texts are said in other words by \(there.reference) and \(back.reference)") }
    let found = try await translation(chosen.map { texts[$0] }) { done in
      if !quiet { Terminal.note("\(done) of \(chosen.count) texts") }
    }
    var result = [String?](repeating: nil, count: texts.count)
    for (place, text) in zip(chosen, found) { result[place] = text }
    return result
  }

  /// How a version translates: models of the task translation by themselves, others as they are asked.
  private static func translator(
    _ version: ModelVersion, _ registry: ModelRegistry, _ prompt: String
  ) throws -> BackTranslation.Translate {
    let bundle = try registry.bundle(version)
    switch bundle.manifest.kind {
    case TextBundle.translator:
      let translate = try TextBundle.model(bundle).translator()
      return { texts in try await TorchThread.main.run { try translate(texts) } }
    case LanguageBundle.generator:
      let translator = GeneratorTranslator(try MartletEngine.generator(version, bundle, registry), prompt: prompt)
      // The prompt says the languages.
      return { texts in try await BackTranslation.translate(texts, by: translator, from: "", to: "") }
    default:
      throw ArgumentError("\(version.reference) is a \(bundle.manifest.kind)", expected: "a model that translates, or writes text")
    }
  }
}
