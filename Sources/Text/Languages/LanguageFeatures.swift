/// Hashed character n-grams of a text: what tells languages apart.
///
/// Letters are made small, digits and white space become a gap, and so do marks where they are not counted; n-grams of one to `longest`
/// characters are taken between gaps, gaps included, and whole words where that is wanted. What stands between gaps without a letter counts
/// for nothing.
struct LanguageFeatures {
  let buckets: Int
  let longest: Int
  var countsWords = false
  /// `¿`, `«`, `,` and the like are characters of n-grams.
  var countsMarks = false

  private static let gap: UInt32 = 0x20

  private enum Kind { case letter, mark, gap }

  /// Calls the body with the bucket of every n-gram, as often as it occurs.
  func forEach(_ text: String, _ body: (Int) -> Void) {
    var piece: [UInt32] = [Self.gap]
    var limit = 4_096, word = 1, hasLetters = false
    func endWord() {
      if countsWords, word < piece.count { body(bucket(of: [Self.gap] + piece[word...] + [Self.gap])) }
      word = piece.count
    }
    func endPiece() {
      endWord()
      if hasLetters { emit(piece + [Self.gap], body) }
      piece.removeAll(keepingCapacity: true)
      piece.append(Self.gap)
      (word, hasLetters) = (1, false)
    }
    for scalar in text.unicodeScalars {
      // The beginning of a long text says enough.
      limit -= 1
      if limit == 0 { break }
      switch Self.kind(of: scalar) {
      case .letter:
        piece.append(Self.small(scalar))
        hasLetters = true
      case .mark where countsMarks:
        endWord()
        piece.append(scalar.value)
        word = piece.count
      case .mark, .gap: endPiece()
      }
    }
    endPiece()
  }

  private static func small(_ scalar: Unicode.Scalar) -> UInt32 {
    if scalar.isASCII { return scalar.value < 0x61 ? scalar.value + 32 : scalar.value }
    let lower = scalar.properties.lowercaseMapping.unicodeScalars
    return lower.count == 1 ? lower.first?.value ?? scalar.value : scalar.value
  }

  /// Letters with the marks that many scripts write on them; other marks; the rest.
  private static func kind(of scalar: Unicode.Scalar) -> Kind {
    if scalar.isASCII {
      switch scalar.value {
      case 0x41...0x5A, 0x61...0x7A: return .letter
      case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return .mark
      default: return .gap
      }
    }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark, .spacingMark: return .letter
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
      .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol:
      return .mark
    default: return .gap
    }
  }

  private func emit(_ word: [UInt32], _ body: (Int) -> Void) {
    let mask = UInt64(buckets - 1)
    for start in word.indices {
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      for length in 1...longest where start + length <= word.count {
        hash = (hash ^ UInt64(word[start + length - 1])) &* 0x9E37_79B9_7F4A_7C15
        hash ^= hash >> 29
        // A gap alone says nothing.
        if length == 1, word[start] == 0x20 { continue }
        body(Int((hash &* 0xBF58_476D_1CE4_E5B9 >> 20) & mask))
      }
    }
  }

  private func bucket(of word: [UInt32]) -> Int {
    var hash: UInt64 = 0x9AE1_6A3B_2F90_404F
    for scalar in word {
      hash = (hash ^ UInt64(scalar)) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 29
    }
    return Int((hash &* 0xBF58_476D_1CE4_E5B9 >> 20) & UInt64(buckets - 1))
  }
}
