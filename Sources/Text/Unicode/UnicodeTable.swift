/// What a scalar is, as the reference libraries see it: a set of flags, looked up in two steps.
struct UnicodeFlags: OptionSet, Sendable {
  let rawValue: UInt64
  private init(bit: UInt64) { rawValue = 1 << bit }
  init(rawValue: UInt64) { self.rawValue = rawValue }

  static let letter = UnicodeFlags(bit: 0), number = UnicodeFlags(bit: 1), space = UnicodeFlags(bit: 2), mark = UnicodeFlags(bit: 3)
  static let upper = UnicodeFlags(bit: 4), lower = UnicodeFlags(bit: 5), title = UnicodeFlags(bit: 6), modifier = UnicodeFlags(bit: 7)
  static let otherLetter = UnicodeFlags(bit: 8), decimal = UnicodeFlags(bit: 9), punctuation = UnicodeFlags(bit: 10)
  static let symbol = UnicodeFlags(bit: 11), separator = UnicodeFlags(bit: 12), word = UnicodeFlags(bit: 13), han = UnicodeFlags(bit: 14)
  static let hiragana = UnicodeFlags(bit: 15), katakana = UnicodeFlags(bit: 16), hangul = UnicodeFlags(bit: 17)
  static let control = UnicodeFlags(bit: 18)
  /// As tiktoken's engine knows them.
  static let newerLetter = UnicodeFlags(bit: 19), newerNumber = UnicodeFlags(bit: 20), newerSpace = UnicodeFlags(bit: 21)
  static let newerMark = UnicodeFlags(bit: 22), newerUpper = UnicodeFlags(bit: 23), newerLower = UnicodeFlags(bit: 24)
  static let rustSpace = UnicodeFlags(bit: 25), rustNumber = UnicodeFlags(bit: 26), rustWord = UnicodeFlags(bit: 27)
  static let bertPunctuation = UnicodeFlags(bit: 28), bertControl = UnicodeFlags(bit: 29), nonspacing = UnicodeFlags(bit: 30)
  static let combining = UnicodeFlags(bit: 31)
  /// Has a canonical or a compatibility decomposition, a lower case of its own, a combining class.
  static let decomposes = UnicodeFlags(bit: 32), decomposesCompatibly = UnicodeFlags(bit: 33), lowers = UnicodeFlags(bit: 34)
  static let reorders = UnicodeFlags(bit: 35)
  /// Can be the second part of a canonical composition.
  static let composes = UnicodeFlags(bit: 36)
  /// A Chinese character to BERT.
  static let ideograph = UnicodeFlags(bit: 37)
}

/// The tables that `UnicodeData` holds, unpacked once.
final class UnicodeTable: Sendable {
  static let shared = UnicodeTable()

  private let pages: [UInt16]
  private let flags: [UInt64]
  private let canonical: [UInt32: [UInt32]], compatible: [UInt32: [UInt32]], lowercased: [UInt32: [UInt32]]
  private let compositions: [UInt64: UInt32]
  private let classes: [UInt32: UInt8]
  private let scriptStarts: [UInt32], scriptNumbers: [UInt8]

  @inline(__always)
  func flags(_ scalar: UInt32) -> UnicodeFlags {
    guard scalar < 0x110000 else { return [] }
    let page = Int(pages[Int(scalar >> 8)])
    return UnicodeFlags(rawValue: flags[page << 8 | Int(scalar & 0xFF)])
  }

  @inline(__always)
  func has(_ scalar: UInt32, _ set: UnicodeFlags) -> Bool { flags(scalar).rawValue & set.rawValue != 0 }

  func canonicalDecomposition(_ scalar: UInt32) -> [UInt32]? { canonical[scalar] }
  func compatibleDecomposition(_ scalar: UInt32) -> [UInt32]? { compatible[scalar] ?? canonical[scalar] }
  func lowercase(_ scalar: UInt32) -> [UInt32]? { lowercased[scalar] }
  func combiningClass(_ scalar: UInt32) -> UInt8 { classes[scalar] ?? 0 }
  func composition(_ first: UInt32, _ second: UInt32) -> UInt32? { compositions[UInt64(first) << 32 | UInt64(second)] }

  /// A number for each script; 0 goes with any.
  func script(_ scalar: UInt32) -> UInt8 {
    var low = 0
    var high = scriptStarts.count
    while low < high {
      let middle = (low + high) / 2
      if scriptStarts[middle] <= scalar { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? scriptNumbers[low - 1] : 0
  }

  private init() {
    var all = [UInt64](repeating: 0, count: 0x110000)
    func mark(_ boundaries: [UInt32], _ flag: UnicodeFlags) {
      for pair in stride(from: 0, to: boundaries.count - 1, by: 2) {
        for scalar in boundaries[pair]..<boundaries[pair + 1] { all[Int(scalar)] |= flag.rawValue }
      }
    }
    func own(_ text: String, _ flag: UnicodeFlags) -> [UInt32] {
      let boundaries = Self.numbers(text)
      mark(boundaries, flag)
      return boundaries
    }
    func changed(_ text: String, _ base: [UInt32], _ flag: UnicodeFlags) -> [UInt32] {
      let boundaries = Set(base).symmetricDifference(Self.numbers(text)).sorted()
      mark(boundaries, flag)
      return boundaries
    }
    typealias Data = UnicodeData
    let letters = own(Data.letters, .letter), numbers = own(Data.numbers, .number), spaces = own(Data.spaces, .space)
    let marks = own(Data.marks, .mark), upper = own(Data.uppercase, .upper), lower = own(Data.lowercase, .lower)
    _ = own(Data.titlecase, .title)
    _ = own(Data.modifiers, .modifier)
    _ = own(Data.otherLetters, .otherLetter)
    _ = own(Data.decimals, .decimal)
    let punctuation = own(Data.punctuation, .punctuation)
    _ = own(Data.symbols, .symbol)
    _ = own(Data.separators, .separator)
    let word = own(Data.wordCharacters, .word)
    _ = own(Data.han, .han)
    _ = own(Data.hiragana, .hiragana)
    _ = own(Data.katakana, .katakana)
    _ = own(Data.hangul, .hangul)
    _ = own(Data.control, .control)
    _ = changed(Data.newerLetters, letters, .newerLetter)
    let newerNumbers = changed(Data.newerNumbers, numbers, .newerNumber)
    _ = changed(Data.newerSpaces, spaces, .newerSpace)
    _ = changed(Data.newerMarks, marks, .newerMark)
    _ = changed(Data.newerUppercase, upper, .newerUpper)
    _ = changed(Data.newerLowercase, lower, .newerLower)
    _ = changed(Data.rustSpaces, spaces, .rustSpace)
    _ = changed(Data.rustNumbers, newerNumbers, .rustNumber)
    _ = changed(Data.rustWord, word, .rustWord)
    _ = changed(Data.bertPunctuation, punctuation, .bertPunctuation)
    _ = own(Data.bertControl, .bertControl)
    _ = changed(Data.combining, own(Data.nonspacing, .nonspacing), .combining)
    canonical = Self.mapping(Data.canonical)
    compatible = Self.mapping(Data.compatible)
    lowercased = Self.mapping(Data.lowercased)
    for scalar in canonical.keys { all[Int(scalar)] |= UnicodeFlags([.decomposes, .decomposesCompatibly]).rawValue }
    for scalar in compatible.keys { all[Int(scalar)] |= UnicodeFlags.decomposesCompatibly.rawValue }
    for scalar in lowercased.keys { all[Int(scalar)] |= UnicodeFlags.lowers.rawValue }
    mark([0xAC00, 0xD7A4], [.decomposes, .decomposesCompatibly])
    // The second and third letters of Hangul syllables compose, too.
    mark([0x1161, 0x1176, 0x11A8, 0x11C3], .composes)
    var compositions: [UInt64: UInt32] = [:]
    for entry in Data.compositions.split(separator: " ") {
      let parts = entry.split(separator: ",").compactMap { UInt32($0, radix: 36) }
      guard parts.count == 3 else { continue }
      compositions[UInt64(parts[0]) << 32 | UInt64(parts[1])] = parts[2]
      all[Int(parts[1])] |= UnicodeFlags.composes.rawValue
    }
    self.compositions = compositions
    let classes = Self.mapping(Data.combiningClasses).mapValues { UInt8($0[0]) }
    for scalar in classes.keys { all[Int(scalar)] |= UnicodeFlags.reorders.rawValue }
    self.classes = classes
    mark(
      [
        0x3400, 0x4DC0, 0x4E00, 0xA000, 0xF900, 0xFB00, 0x20000, 0x2A6E0, 0x2A700, 0x2B740, 0x2B740, 0x2B820, 0x2B920, 0x2CEB0, 0x2F800,
        0x2FA20,
      ], .ideograph)
    let scripts = Data.scripts.split(separator: " ").map { $0.split(separator: ":").compactMap { UInt32($0, radix: 36) } }
    var start: UInt32 = 0
    var starts: [UInt32] = []
    for entry in scripts {
      start += entry[0]
      starts.append(start)
    }
    scriptStarts = starts
    scriptNumbers = scripts.map { UInt8($0[1]) }
    (pages, flags) = Self.paged(all)
  }

  private static func paged(_ all: [UInt64]) -> ([UInt16], [UInt64]) {
    var pages: [UInt16] = []
    var flags: [UInt64] = []
    var known: [ArraySlice<UInt64>: UInt16] = [:]
    for start in stride(from: 0, to: all.count, by: 256) {
      let page = all[start..<start + 256]
      if let number = known[page] {
        pages.append(number)
      } else {
        let number = UInt16(flags.count / 256)
        known[page] = number
        pages.append(number)
        flags += page
      }
    }
    return (pages, flags)
  }

  private static func numbers(_ text: String) -> [UInt32] {
    var last: UInt32 = 0
    return text.split(separator: " ").map {
      last += UInt32($0, radix: 36) ?? 0
      return last
    }
  }

  private static func mapping(_ text: String) -> [UInt32: [UInt32]] {
    var result: [UInt32: [UInt32]] = [:]
    var last: UInt32 = 0
    for entry in text.split(separator: " ") {
      let parts = entry.split(separator: ":", maxSplits: 1)
      last += UInt32(parts[0], radix: 36) ?? 0
      result[last] = parts[1].split(separator: ",").compactMap { UInt32($0, radix: 36) }
    }
    return result
  }
}
