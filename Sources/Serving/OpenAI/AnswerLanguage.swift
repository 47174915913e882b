import Web

/// The language of the sentences that a client is told.
enum AnswerLanguage: Sendable, Hashable {
  case english, chinese

  /// - Parameter accept: the header `Accept-Language` (RFC 9110, section 12.5.4); languages that the server does not speak are passed over.
  init(accept: String?) {
    self = .english
    guard let accept else { return }
    var best = 0.0
    for range in accept.prefix(512).split(separator: ",") {
      let parts = range.split(separator: ";").map { $0.trimmingSpace().lowercased() }
      guard let tag = parts.first else { continue }
      let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
      let language: AnswerLanguage? =
        switch tag.prefix(while: { $0 != "-" }) {
        case "zh": .chinese
        case "en", "*": .english
        default: nil
        }
      // The first of equal ones, as the client wrote them.
      if let language, quality > best {
        best = quality
        self = language
      }
    }
  }
}

/// One sentence in the languages that the server speaks.
struct Sentence: Sendable, Hashable {
  let english: String
  let chinese: String

  init(_ english: String, zh chinese: String) {
    self.english = english
    self.chinese = chinese
  }

  func text(in language: AnswerLanguage) -> String {
    switch language {
    case .english: english
    case .chinese: chinese
    }
  }
}
