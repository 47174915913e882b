import Bundles
import Foundation

/// One version of a registered model, as MLflow's clients see it.
package struct RegisteredVersion: Sendable, Hashable {
  /// What MLflow's clients call the model.
  package let name: String
  /// What Martlet calls it.
  package let model: String
  package let number: Int
  package let created: Milliseconds
  package let updated: Milliseconds
  /// Who registered it, where Martlet did.
  package let user: String?
  package let stage: VersionStage
  package let description: String
  /// Where the client said that it came from.
  package let source: String
  /// Where its files can be fetched.
  package let storage: String
  package let run: String
  package let runLink: String
  package let loggedModel: String
  package let tags: [TrackingTag]
  package let aliases: [String]
  /// What Martlet's evaluation measured; empty for a version that MLflow registered.
  package let metrics: [String: Double]
}

/// A registered model, as MLflow's clients see it.
package struct RegisteredModel: Sendable, Hashable {
  package let name: String
  package let model: String
  package let created: Milliseconds
  package let updated: Milliseconds
  package let description: String?
  package let tags: [TrackingTag]
  /// Sorted by alias.
  package let aliases: [RegisteredAlias]
  /// The newest version of each stage.
  package let latest: [RegisteredVersion]
}

/// An alias in the client's own spelling.
package struct RegisteredAlias: Sendable, Hashable {
  package let alias: String
  package let number: Int
}

/// MLflow's stages of a version.
package enum VersionStage: String, Sendable, Hashable, CaseIterable {
  case none = "None"
  case staging = "Staging"
  case production = "Production"
  case archived = "Archived"

  /// Reads a stage in any case.
  /// - Throws: `TrackingError` `.invalid` with what there is.
  package init(text: String) throws(TrackingError) {
    guard let found = Self.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() }) else {
      throw TrackingError(
        .invalid, "'\(excerpt(text))' is no stage", expected: Self.allCases.map(\.rawValue).joined(separator: ", "))
    }
    self = found
  }
}

/// Names of models between the two worlds: MLflow's may have spaces and capitals, Martlet's are parts of paths and addresses.
enum RegisteredNames {
  /// Martlet's name for a model that MLflow calls `name`, not among `taken`.
  static func model(for name: String, taken: (String) throws -> Bool) rethrows -> String {
    let kept = name.lowercased().unicodeScalars.map { scalar in
      ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) || [".", "_", "-"].contains(scalar) ? Character(scalar) : "-"
    }
    let trimmed = String(String(kept.drop { !($0.isLetter || $0.isNumber) }).prefix(90))
    let base = trimmed.isEmpty ? "model" : trimmed
    var candidate = base
    var number = 2
    while try taken(candidate) {
      candidate = "\(base)-\(number)"
      number += 1
    }
    return candidate
  }

  /// A word for Martlet's tags: `key=value`, or the key alone; `nil` where that cannot be one.
  static func word(_ tag: TrackingTag) -> String? {
    let word = tag.value.isEmpty ? tag.key : "\(tag.key)=\(tag.value)"
    let isFine =
      (1...100).contains(word.utf8.count)
      && word.unicodeScalars.allSatisfy { scalar in
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
          || [".", "_", "-", ":", "/", "="].contains(scalar)
      }
    return isFine && !tag.key.contains("=") ? word : nil
  }

  /// What a word of Martlet's means: `team=red` is team: red, `checked` is checked with an empty value.
  static func tag(_ word: String) -> TrackingTag {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    return parts.count == 2 && !parts[0].isEmpty ? TrackingTag(parts[0], parts[1]) : TrackingTag(word, "")
  }

  /// Checks an alias and gives Martlet's spelling of it.
  static func alias(_ alias: String) throws(TrackingError) -> String {
    guard !alias.isEmpty else { throw TrackingError(.invalid, "the alias is empty", expected: "a name") }
    let isPlain = alias.unicodeScalars.allSatisfy {
      $0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "_" || $0 == "-"
    }
    guard isPlain else {
      throw TrackingError(.invalid, "'\(excerpt(alias))' cannot be an alias", expected: "letters, digits, underscores and dashes")
    }
    try TrackingNames.check(length: alias, TrackingLimits.aliasLength, "the alias")
    let lower = alias.lowercased()
    guard lower != "latest", !(lower.first == "v" && lower.count > 1 && lower.dropFirst().allSatisfy(\.isNumber)) else {
      throw TrackingError(
        .invalid, "'\(excerpt(alias))' cannot be an alias, since it could be taken for a version", expected: "another name")
    }
    return lower
  }
}

extension Date {
  var milliseconds: Milliseconds { Milliseconds((timeIntervalSince1970 * 1000).rounded()) }
}
