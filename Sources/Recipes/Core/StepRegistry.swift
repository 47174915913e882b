import Foundation
import MartletCore

/// Every step by its name.
enum StepRegistry {
  static let steps: [String: any RecipeStep.Type] = Dictionary(
    uniqueKeysWithValues: all.map { ($0.name, $0) })
  static let fitted: [String: any FittedStep.Type] = Dictionary(
    uniqueKeysWithValues: allFitted.map { ($0.name, $0) })

  static func step(_ name: String) throws -> any RecipeStep.Type {
    if let type = steps[name] { return type }
    let near = NearestName.of(name, among: steps.keys.sorted())
    throw RecipeError(
      "there is no step '\(name)'", expected: listed(steps.keys.sorted(), limit: 60), remedy: near.map { "did you mean '\($0)'?" })
  }

  /// Settings as given, over the step's defaults.
  static func decode(_ type: any RecipeStep.Type, _ settings: [String: JSONValue]) throws -> any RecipeStep {
    try decodeOpened(type, settings)
  }

  private static func decodeOpened<Step: RecipeStep>(_ type: Step.Type, _ settings: [String: JSONValue]) throws -> Step {
    let standard = Step()
    let known = Mirror(reflecting: standard).children.compactMap(\.label)
    guard case .object(var merged) = try JSON.decode(JSONValue.self, from: JSON.encode(standard, pretty: false), source: Step.name) else {
      return standard
    }
    for (key, value) in settings {
      let property = Spelling.camel(key)
      guard known.contains(property) else {
        let near = NearestName.of(key, among: known.map(Spelling.kebab))
        throw RecipeError(
          "there is no setting '\(key)'", expected: listed(known.map(Spelling.kebab)), remedy: near.map { "did you mean '\($0)'?" },
          step: Step.name)
      }
      merged[property] = value == .null ? nil : value
    }
    do {
      return try JSON.decode(Step.self, from: JSON.encode(JSONValue.object(merged), pretty: false), source: Step.name)
    } catch let error as FileError {
      throw RecipeError(Spelling.kebab(error.problem), step: Step.name)
    }
  }

  /// The settings that differ from the defaults, in the spelling of `martlet.yml`.
  static func settings<Step: RecipeStep>(_ step: Step) throws -> [String: JSONValue] {
    guard case .object(let own) = try JSON.decode(JSONValue.self, from: JSON.encode(step, pretty: false), source: Step.name),
      case .object(let standard) = try JSON.decode(JSONValue.self, from: JSON.encode(Step(), pretty: false), source: Step.name)
    else { return [:] }
    var changed: [String: JSONValue] = [:]
    for (key, value) in own where standard[key] != value { changed[Spelling.kebab(key)] = value }
    for key in standard.keys where own[key] == nil { changed[Spelling.kebab(key)] = .null }
    return changed
  }
}

/// `minFrequency` in Swift is `min-frequency` in files.
enum Spelling {
  static func kebab(_ name: String) -> String {
    var text = ""
    for character in name {
      if character.isUppercase, !text.isEmpty, text.last?.isLetter == true { text += "-" }
      text += character.lowercased()
    }
    return text
  }

  static func camel(_ name: String) -> String {
    var text = "", raise = false
    for character in name {
      if character == "-" || character == "_" {
        raise = true
      } else {
        text += raise ? character.uppercased() : String(character)
        raise = false
      }
    }
    return text
  }
}
