/// Hashed character n-grams of a text: what tells languages apart.
///
/// Letters are made small, everything else becomes a gap; n-grams of one to `longest` characters are taken within words, gaps included, and
/// whole words where that is wanted.
struct LanguageFeatures {
  let buckets: Int
  let longest: Int
  var countsWords = false

  /// Calls the body with the bucket of every n-gram, as often as it occurs.
  func forEach(_ text: String, _ body: (Int) -> Void) {
    var word: [UInt32] = [0x20]
    var limit = 4_096
    func flush() {
      guard word.count > 1 else { return }
      word.append(0x20)
      emit(word, body)
      word.removeAll(keepingCapacity: true)
      word.append(0x20)
    }
    for scalar in text.unicodeScalars {
      // The beginning of a long text says enough.
      limit -= 1
      if limit == 0 { break }
      if scalar.isASCII {
        switch scalar.value {
        case 0x41...0x5A: word.append(scalar.value + 32)
        case 0x61...0x7A: word.append(scalar.value)
        default: flush()
        }
      } else if Self.isPart(scalar) {
        let lower = scalar.properties.lowercaseMapping.unicodeScalars
        word.append(lower.count == 1 ? lower.first?.value ?? scalar.value : scalar.value)
      } else {
        flush()
      }
    }
    flush()
  }

  /// Letters, and the marks that many scripts write with them.
  private static func isPart(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark, .spacingMark: true
    default: false
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
    guard countsWords else { return }
    var hash: UInt64 = 0x9AE1_6A3B_2F90_404F
    for scalar in word {
      hash = (hash ^ UInt64(scalar)) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 29
    }
    body(Int((hash &* 0xBF58_476D_1CE4_E5B9 >> 20) & mask))
  }
}
