/// How texts that are too long are cut.
public struct Truncation: Sendable, Hashable {
  public enum Strategy: String, Sendable, Hashable, CaseIterable {
    /// The longer one of a pair first, then both.
    case longestFirst = "LongestFirst"
    case onlyFirst = "OnlyFirst"
    case onlySecond = "OnlySecond"
  }
  public enum Direction: String, Sendable, Hashable, CaseIterable {
    case left = "Left"
    case right = "Right"
  }

  /// The most tokens, those that the tokenizer adds included.
  public var maxLength: Int
  public var strategy: Strategy
  /// The tokens that a window of what was cut off has in common with the one before.
  public var stride: Int
  /// The side at which tokens are cut off.
  public var direction: Direction

  public init(maxLength: Int, strategy: Strategy = .longestFirst, stride: Int = 0, direction: Direction = .right) {
    self.maxLength = maxLength
    self.strategy = strategy
    self.stride = stride
    self.direction = direction
  }

  private static func fail(_ problem: String, expected: String) -> TokenizerError {
    TokenizerError(source: "truncation", problem: problem, expected: expected)
  }

  /// Cuts one encoding or a pair to `length` tokens together.
  func apply(_ first: inout Encoding, _ second: inout Encoding?, length: Int) throws(TokenizerError) {
    guard length > 0 else {
      try cut(&first, 0)
      if var other = second {
        try cut(&other, 0)
        second = other
      }
      return
    }
    let total = first.count + (second?.count ?? 0)
    guard total > length else { return }
    switch strategy {
    case .longestFirst:
      guard var other = second else { return try cut(&first, length) }
      let isSwapped = first.count > other.count
      var short = min(first.count, other.count)
      var long = short > length ? short : max(short, length - short)
      if short + long > length {
        short = length / 2
        long = short + length % 2
      }
      try cut(&first, isSwapped ? long : short)
      try cut(&other, isSwapped ? short : long)
      second = other
    case .onlyFirst:
      guard first.count > total - length else { throw Self.tooShort(first.count, total - length) }
      try cut(&first, first.count - (total - length))
    case .onlySecond:
      guard var other = second else { throw Self.fail("is of the second text, and there is only one", expected: "a pair of texts") }
      guard other.count > total - length else { throw Self.tooShort(other.count, total - length) }
      try cut(&other, other.count - (total - length))
      second = other
    }
  }

  private static func tooShort(_ count: Int, _ removed: Int) -> TokenizerError {
    fail("would have to take \(removed) tokens from a text of \(count)", expected: "a text that is long enough, or another strategy")
  }

  private func cut(_ encoding: inout Encoding, _ length: Int) throws(TokenizerError) {
    let count = encoding.count
    guard length < count else { return }
    guard length > 0 else {
      let whole = encoding
      encoding = Encoding(names: whole.names)
      encoding.overflowing = [whole]
      return
    }
    guard stride < length else {
      throw Self.fail("has windows of \(length) tokens that overlap by \(stride)", expected: "a stride below the window's length")
    }
    var parts: [Range<Int>] = []
    switch direction {
    case .right:
      for start in Swift.stride(from: 0, to: count, by: length - stride) {
        parts.append(start..<min(start + length, count))
        if start + length >= count { break }
      }
    case .left:
      for stop in Swift.stride(from: count, to: 0, by: stride - length) {
        parts.append(max(0, stop - length)..<stop)
        if stop <= length { break }
      }
    }
    var result = encoding.slice(parts[0])
    result.overflowing = parts.dropFirst().map { encoding.slice($0) }
    encoding = result
  }
}

/// How texts of a batch are made equally long.
public struct Padding: Sendable, Hashable {
  public enum Strategy: Sendable, Hashable {
    /// To the longest of the batch.
    case batchLongest
    case fixed(Int)
  }

  public var strategy: Strategy
  public var direction: Truncation.Direction
  /// The length is raised to a multiple of this.
  public var multiple: Int?
  public var id: Int
  public var typeID: Int
  public var token: String

  public init(
    strategy: Strategy = .batchLongest, direction: Truncation.Direction = .right, multiple: Int? = nil, id: Int = 0, typeID: Int = 0,
    token: String = "[PAD]"
  ) {
    self.strategy = strategy
    self.direction = direction
    self.multiple = multiple
    self.id = id
    self.typeID = typeID
    self.token = token
  }

  func apply(_ encodings: inout [Encoding]) {
    guard !encodings.isEmpty else { return }
    var length =
      switch strategy {
      case .fixed(let length): length
      case .batchLongest: encodings.map(\.count).max() ?? 0
      }
    if let multiple, multiple > 0, length % multiple > 0 { length += multiple - length % multiple }
    for index in encodings.indices { pad(&encodings[index], length) }
  }

  private func pad(_ encoding: inout Encoding, _ length: Int) {
    for index in encoding.overflowing.indices { pad(&encoding.overflowing[index], length) }
    let missing = length - encoding.count
    guard missing > 0 else { return }
    var filler = Encoding(names: encoding.names)
    for _ in 0..<missing { filler.appendSpecial(id, Array(token.utf8), typeID: typeID) }
    filler.attentionMask = [Int](repeating: 0, count: missing)
    let windows = encoding.overflowing
    encoding.overflowing = []
    if direction == .right {
      encoding.append(filler)
    } else {
      filler.append(encoding)
      encoding = filler
    }
    encoding.overflowing = windows
  }
}
