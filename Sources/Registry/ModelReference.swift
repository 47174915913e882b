import Foundation

/// What a person writes to mean a version: `name`, `name@3`, `name@production`, `name@latest`.
public struct ModelReference: Sendable, Hashable, CustomStringConvertible {
  /// Which version of the model.
  public enum Selector: Sendable, Hashable {
    case newest
    case number(Int)
    case alias(String)
  }

  /// The model.
  public let name: String
  /// Which of its versions.
  public let selector: Selector

  /// Makes a reference from parts that are known to be right.
  public init(name: String, _ selector: Selector = .newest) {
    self.name = name
    self.selector = selector
  }

  /// Reads a reference.
  /// - Throws: `RegistryError` `.invalidName` that says what is allowed.
  public init(_ text: String) throws(RegistryError) {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let name = parts.first ?? ""
    try Self.check(name: name)
    guard parts.count == 2 else {
      self.init(name: name)
      return
    }
    let selector = parts[1]
    if selector == "latest" {
      self.init(name: name)
    } else if let number = Int(selector), number > 0, selector.allSatisfy(\.isNumber) {
      self.init(name: name, .number(number))
    } else {
      guard Self.isAlias(selector) else {
        throw RegistryError(
          .invalidName, "'\(text)' does not name a version", expected: "\(name), \(name)@3 or \(name)@production")
      }
      self.init(name: name, .alias(selector))
    }
  }

  /// The reference as it is written.
  public var description: String {
    switch selector {
    case .newest: name
    case .number(let number): "\(name)@\(number)"
    case .alias(let alias): "\(name)@\(alias)"
    }
  }

  /// Checks a model's name.
  /// - Throws: `RegistryError` `.invalidName` with what is allowed and the nearest allowed name.
  public static func check(name: String) throws(RegistryError) {
    guard !isName(name) else { return }
    let shown = name.isEmpty ? "a model's name is empty" : "'\(name.prefix(120))' cannot be a model's name"
    let kept = name.lowercased().unicodeScalars.map { isNameScalar($0) ? Character($0) : "-" }
    let suggestion = String(String(kept.drop { !($0.isLetter || $0.isNumber) }).prefix(100))
    throw RegistryError(
      .invalidName, shown, expected: "1 to 100 of a-z, 0-9, '.', '_' and '-', beginning with a letter or a digit",
      remedy: isName(suggestion) ? suggestion : nil)
  }

  /// Checks an alias's name: like a model's, shorter, and nothing that could be taken for a version.
  /// - Throws: `RegistryError` `.invalidName`.
  public static func check(alias: String) throws(RegistryError) {
    guard isAlias(alias) else {
      throw RegistryError(
        .invalidName, "'\(alias.prefix(60))' cannot be an alias",
        expected: "1 to 50 of a-z, 0-9, '.', '_' and '-', beginning with a letter, and not 'latest' or a version number",
        remedy: "production")
    }
  }

  /// Checks a tag: one word for a version.
  /// - Throws: `RegistryError` `.invalidName`.
  public static func check(tag: String) throws(RegistryError) {
    let isFine =
      (1...100).contains(tag.utf8.count)
      && tag.unicodeScalars.allSatisfy { isNameScalar($0) || ("A"..."Z").contains($0) || [":", "/", "="].contains($0) }
    guard isFine else {
      throw RegistryError(
        .invalidName, "'\(tag.prefix(120))' cannot be a tag", expected: "1 to 100 of letters, digits and . _ - : / =")
    }
  }

  private static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) || [".", "_", "-"].contains(scalar)
  }

  private static func isName(_ name: String) -> Bool {
    guard let first = name.unicodeScalars.first, ("a"..."z").contains(first) || ("0"..."9").contains(first) else { return false }
    return name.utf8.count <= 100 && name.unicodeScalars.allSatisfy(isNameScalar)
  }

  private static func isAlias(_ alias: String) -> Bool {
    guard let first = alias.unicodeScalars.first, ("a"..."z").contains(first), isName(alias), alias.utf8.count <= 50 else { return false }
    let isNumberLike = first == "v" && alias.count > 1 && alias.dropFirst().allSatisfy(\.isNumber)
    return alias != "latest" && alias != "newest" && !isNumberLike
  }
}
