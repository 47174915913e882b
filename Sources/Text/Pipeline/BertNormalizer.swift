/// BERT's cleaning: control characters out, blanks around Chinese characters, accents and case away.
///
/// All in one pass where no marks need putting in order, since most text is such.
enum BertNormalizer {
  static func apply(_ text: inout AlignedText, _ cleans: Bool, _ spacesChinese: Bool, _ stripsAccents: Bool, _ lowercases: Bool) {
    if text.isIdentity, applyToASCII(&text.bytes, cleans, lowercases) { return }
    let table = UnicodeTable.shared
    if cleans {
      text.filter { !isControl($0, table) }
      text.map { isSpace($0, table) ? 0x20 : $0 }
    }
    if spacesChinese {
      let scalars = text.scalars
      if scalars.contains(where: { $0 >= 0x3400 && table.has($0, .ideograph) }) {
        var changes: [ChangedScalar] = []
        changes.reserveCapacity(scalars.count * 3)
        for scalar in scalars {
          if scalar >= 0x3400, table.has(scalar, .ideograph) {
            changes.append(ChangedScalar(scalar: 0x20, change: 0))
            changes.append(ChangedScalar(scalar: scalar, change: 1))
            changes.append(ChangedScalar(scalar: 0x20, change: 1))
          } else {
            changes.append(ChangedScalar(scalar: scalar, change: 0))
          }
        }
        text.transform(changes)
      }
    }
    if stripsAccents {
      Normalizer.normalize(&text, .nfd)
      text.filter { $0 < 0x300 || !table.has($0, .nonspacing) }
    }
    if lowercases { Normalizer.lowercase(&text) }
  }

  private static func isControl(_ scalar: UInt32, _ table: UnicodeTable) -> Bool {
    scalar < 0x80 ? scalar == 0x7F || scalar < 0x20 && scalar != 9 && scalar != 10 && scalar != 13 : table.has(scalar, .bertControl)
  }

  private static func isSpace(_ scalar: UInt32, _ table: UnicodeTable) -> Bool {
    scalar < 0x80 ? scalar == 0x20 || scalar == 9 || scalar == 10 || scalar == 13 : table.has(scalar, .rustSpace)
  }

  /// Changes ASCII text in place. Whether it could: it cannot where bytes go away.
  private static func applyToASCII(_ bytes: inout [UInt8], _ cleans: Bool, _ lowercases: Bool) -> Bool {
    for byte in bytes where byte >= 0x7F || cleans && byte < 0x20 && byte != 9 && byte != 10 && byte != 13 { return false }
    for index in bytes.indices {
      let byte = bytes[index]
      if cleans, byte < 0x20 { bytes[index] = 0x20 }
      if lowercases, byte >= 0x41, byte <= 0x5A { bytes[index] = byte | 0x20 }
    }
    return true
  }
}
