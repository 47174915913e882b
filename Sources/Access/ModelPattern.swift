/// Names of models that somebody may use: a name, in which `*` stands for any characters and `?` for one.
public struct ModelPattern: Sendable, Hashable, Codable, CustomStringConvertible {
  /// As it was written.
  public let text: String

  public init(_ text: String) { self.text = text }

  /// Every model.
  public static var all: ModelPattern { ModelPattern("*") }

  public init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  public var description: String { text }

  /// Whether it stands for a model's name. The time grows with the product of both lengths at worst, never faster.
  public func matches(_ name: String) -> Bool {
    if text == "*" { return true }
    let pattern = Array(text.unicodeScalars), name = Array(name.unicodeScalars)
    var p = 0, n = 0
    // Where to go on when what follows the last star does not fit: the star takes one character more.
    var afterStar: Int?, restart = 0
    while n < name.count {
      if p < pattern.count, pattern[p] == "*" {
        p += 1
        afterStar = p
        restart = n
      } else if p < pattern.count, pattern[p] == "?" || pattern[p] == name[n] {
        p += 1
        n += 1
      } else if let star = afterStar {
        restart += 1
        p = star
        n = restart
      } else {
        return false
      }
    }
    while p < pattern.count, pattern[p] == "*" { p += 1 }
    return p == pattern.count
  }
}
