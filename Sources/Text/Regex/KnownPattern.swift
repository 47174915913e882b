/// The patterns by which well-known models split text, matched by hand: the matches that the general machine finds, several times faster.
struct KnownPattern: Sendable {
  private enum Kind { case gpt2, cl100k }
  private let kind: Kind
  /// The longest run of digits.
  private let digits: Int

  init?(_ pattern: String, dialect: PatternParser.Dialect) {
    switch pattern {
    case #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
      #"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
      #"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"#:
      (kind, digits) = (.gpt2, Int.max)
    case #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#:
      (kind, digits) = (.cl100k, 3)
    case #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#:
      (kind, digits) = (.cl100k, 1)
    default: return nil
    }
    // There a dollar sign also stands before a newline.
    if pattern.contains("$"), dialect == .oniguruma { return nil }
  }

  /// The byte-level models' own pattern.
  static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  private enum Sort: UInt8 { case letter, number, space, other }

  /// What each ASCII byte is.
  private static let ascii: [Sort] = (0..<128).map { byte in
    switch UInt8(byte) {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): .letter
    case UInt8(ascii: "0")...UInt8(ascii: "9"): .number
    case 9...13, 32: .space
    default: .other
    }
  }

  @inline(__always)
  private static func sort(_ bytes: UnsafePointer<UInt8>, _ at: Int, _ ascii: UnsafePointer<Sort>, _ table: UnicodeTable) -> (Sort, Int) {
    let first = bytes[at]
    if first < 0x80 { return (ascii[Int(first)], 1) }
    let (scalar, length) = UTF8Text.decode(bytes, at)
    let flags = table.flags(scalar)
    if !flags.isDisjoint(with: .letter) { return (.letter, length) }
    if !flags.isDisjoint(with: .number) { return (.number, length) }
    return (flags.isDisjoint(with: .space) ? .other : .space, length)
  }

  /// Calls the body with the begin and end of each match; together they are the whole text.
  @inline(__always)
  func split(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ body: (Int, Int) -> Void) {
    let table = UnicodeTable.shared
    Self.ascii.withUnsafeBufferPointer { buffer in
      guard let ascii = buffer.baseAddress else { return }
      var at = 0
      while at < count {
        let end = kind == .gpt2 ? gpt2End(bytes, at, count, ascii, table) : cl100kEnd(bytes, at, count, ascii, table)
        body(at, end)
        at = end
      }
    }
  }

  /// The end of an English contraction that begins at an apostrophe.
  @inline(__always)
  private func contraction(_ bytes: UnsafePointer<UInt8>, _ at: Int, _ count: Int, anyCase: Bool) -> Int? {
    guard bytes[at] == UInt8(ascii: "'"), at + 1 < count else { return nil }
    let fold: UInt8 = anyCase ? 0x20 : 0
    let first = bytes[at + 1]
    switch first < 0x80 ? first | fold : first {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return at + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return at + 2 < count && bytes[at + 2] | fold == UInt8(ascii: "e") ? at + 3 : nil
    case UInt8(ascii: "l"): return at + 2 < count && bytes[at + 2] | fold == UInt8(ascii: "l") ? at + 3 : nil
    case 0xC5:
      // The long s folds to s.
      return anyCase && at + 2 < count && bytes[at + 2] == 0xBF ? at + 3 : nil
    default: return nil
    }
  }

  @inline(__always)
  private func run(
    _ wanted: Sort, _ bytes: UnsafePointer<UInt8>, _ start: Int, _ count: Int, _ ascii: UnsafePointer<Sort>, _ table: UnicodeTable
  ) -> Int {
    var at = start
    while at < count {
      let (sort, length) = Self.sort(bytes, at, ascii, table)
      if sort != wanted { break }
      at += length
    }
    return at
  }

  /// White space up to the last of it before something else, which goes with what follows.
  @inline(__always)
  private func spaces(
    _ bytes: UnsafePointer<UInt8>, _ start: Int, _ count: Int, _ ascii: UnsafePointer<Sort>, _ table: UnicodeTable
  ) -> Int {
    let end = run(.space, bytes, start, count, ascii, table)
    if end == count { return end }
    let last = UTF8Text.start(bytes, end - 1)
    return last > start ? last : end
  }

  private func gpt2End(_ bytes: UnsafePointer<UInt8>, _ at: Int, _ count: Int, _ ascii: UnsafePointer<Sort>, _ table: UnicodeTable) -> Int {
    if let end = contraction(bytes, at, count, anyCase: false) { return end }
    var (sort, length) = Self.sort(bytes, at, ascii, table)
    var next = at
    if bytes[at] == 0x20, at + 1 < count {
      next = at + 1
      (sort, length) = Self.sort(bytes, next, ascii, table)
    }
    if sort == .space { return spaces(bytes, at, count, ascii, table) }
    return run(sort, bytes, next + length, count, ascii, table)
  }

  private func cl100kEnd(_ bytes: UnsafePointer<UInt8>, _ at: Int, _ count: Int, _ ascii: UnsafePointer<Sort>, _ table: UnicodeTable) -> Int
  {
    if let end = contraction(bytes, at, count, anyCase: true) { return end }
    let (sort, length) = Self.sort(bytes, at, ascii, table)
    if sort == .letter { return run(.letter, bytes, at + length, count, ascii, table) }
    if sort == .number {
      var end = at + length
      var number = 1
      while number < digits, end < count {
        let (next, size) = Self.sort(bytes, end, ascii, table)
        if next != .number { break }
        end += size
        number += 1
      }
      return end
    }
    let isNewline = bytes[at] == 10 || bytes[at] == 13
    if !isNewline, at + length < count {
      let (next, size) = Self.sort(bytes, at + length, ascii, table)
      if next == .letter { return run(.letter, bytes, at + length + size, count, ascii, table) }
    }
    // Signs, with a blank before and newlines after.
    var start = at
    if bytes[at] == 0x20, at + 1 < count, Self.sort(bytes, at + 1, ascii, table).0 == .other { start = at + 1 }
    if start > at || sort == .other {
      var end = run(.other, bytes, start, count, ascii, table)
      while end < count, bytes[end] == 10 || bytes[end] == 13 { end += 1 }
      return end
    }
    // White space: up to its last newline, else as above.
    let end = run(.space, bytes, at, count, ascii, table)
    var last = end
    while last > at, bytes[last - 1] != 10, bytes[last - 1] != 13 { last -= 1 }
    if last > at { return last }
    return spaces(bytes, at, count, ascii, table)
  }
}
