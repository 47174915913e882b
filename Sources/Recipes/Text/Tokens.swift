import Foundation

/// What a text is cut into.
public enum TextUnit: String, Hashable, Sendable, Codable, CaseIterable {
  /// Words of two or more letters or digits.
  case words
  /// Characters, across words: right for Chinese, Japanese and Thai, which write no spaces.
  case characters
  /// Characters within words, each word with a space at both ends.
  case charactersInWords = "characters-in-words"
}

/// How texts are cut into terms, as scikit-learn's vectorizers do.
struct Tokens: Hashable, Sendable {
  var unit: TextUnit
  var shortest: Int
  var longest: Int
  var lowercase: Bool
  var stripAccents: Bool
  var stopWords: Set<String>

  func terms(_ text: String) -> [String] {
    var text = lowercase ? text.lowercased() : text
    if stripAccents { text = Self.withoutAccents(text) }
    switch unit {
    case .words: return words(text)
    case .characters: return characters(text)
    case .charactersInWords: return charactersInWords(text)
    }
  }

  private func words(_ text: String) -> [String] {
    var tokens: [String] = [], current = String.UnicodeScalarView()
    func finish() {
      if current.count >= 2 {
        let word = String(current)
        if !stopWords.contains(word) { tokens.append(word) }
      }
      current = String.UnicodeScalarView()
    }
    for scalar in text.unicodeScalars {
      if Self.isWord(scalar) { current.append(scalar) } else { finish() }
    }
    finish()
    guard longest > 1 else { return tokens }
    var terms = shortest == 1 ? tokens : []
    for length in stride(from: max(shortest, 2), through: min(longest, tokens.count), by: 1) {
      for start in 0...tokens.count - length { terms.append(tokens[start..<start + length].joined(separator: " ")) }
    }
    return terms
  }

  private func characters(_ text: String) -> [String] {
    // Runs of two or more spaces become one.
    var scalars: [Unicode.Scalar] = []
    var run: [Unicode.Scalar] = []
    for scalar in text.unicodeScalars {
      if scalar.properties.isWhitespace {
        run.append(scalar)
      } else {
        scalars += run.count > 1 ? [" "] : run
        run = []
        scalars.append(scalar)
      }
    }
    scalars += run.count > 1 ? [" "] : run
    var terms: [String] = []
    for length in stride(from: shortest, through: min(longest, scalars.count), by: 1) {
      for start in 0...scalars.count - length { terms.append(Self.string(scalars[start..<start + length])) }
    }
    return terms
  }

  private func charactersInWords(_ text: String) -> [String] {
    var terms: [String] = []
    for word in text.unicodeScalars.split(whereSeparator: { $0.properties.isWhitespace }) {
      let padded: [Unicode.Scalar] = [" "] + word + [" "]
      for length in shortest...longest {
        terms.append(Self.string(padded.prefix(length)))
        if padded.count <= length { break }
        for start in 1...padded.count - length { terms.append(Self.string(padded[start..<start + length])) }
      }
    }
    return terms
  }

  private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  /// Letters, digits and the underscore, as `\w` of Python's regular expressions.
  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII {
      let value = scalar.value
      return value >= 97 && value <= 122 || value >= 65 && value <= 90 || value >= 48 && value <= 57 || value == 95
    }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber: return true
    default: return scalar.properties.numericType != nil
    }
  }

  private static func withoutAccents(_ text: String) -> String {
    var view = String.UnicodeScalarView()
    for scalar in text.decomposedStringWithCompatibilityMapping.unicodeScalars
    where scalar.properties.canonicalCombiningClass == .notReordered { view.append(scalar) }
    return String(view)
  }
}

extension Tokens: Codable {
  private enum Keys: String, CodingKey { case unit, shortest, longest, lowercase, stripAccents, stopWords }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Keys.self)
    self.init(
      unit: try container.decode(TextUnit.self, forKey: .unit), shortest: try container.decode(Int.self, forKey: .shortest),
      longest: try container.decode(Int.self, forKey: .longest), lowercase: try container.decode(Bool.self, forKey: .lowercase),
      stripAccents: try container.decode(Bool.self, forKey: .stripAccents),
      stopWords: Set(try container.decode([String].self, forKey: .stopWords)))
    guard shortest >= 1, shortest <= longest else { throw RecipeError("terms of \(shortest) to \(longest) units", step: TFIDF.name) }
  }

  /// Stop words in their order, so that the same recipe is the same file.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(unit, forKey: .unit)
    try container.encode(shortest, forKey: .shortest)
    try container.encode(longest, forKey: .longest)
    try container.encode(lowercase, forKey: .lowercase)
    try container.encode(stripAccents, forKey: .stripAccents)
    try container.encode(stopWords.sorted(by: precedes), forKey: .stopWords)
  }
}

/// The order of code points, which is scikit-learn's order of terms.
func precedes(_ first: String, _ second: String) -> Bool { first.utf8.lexicographicallyPrecedes(second.utf8) }

/// A term that is equal only to the same code points: Swift's own equality takes é and e + ´ for one.
struct Term: Hashable, Sendable {
  let text: String
  static func == (first: Term, second: Term) -> Bool { first.text.utf8.elementsEqual(second.text.utf8) }
  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
