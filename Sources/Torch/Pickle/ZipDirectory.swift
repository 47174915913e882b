/// The entries of a zip archive as torch.save writes it: stored, never compressed.
///
/// Follows PKWARE's APPNOTE 6.3 (end of central directory, its 64-bit form, central headers, local headers). Every number is checked
/// against the file before it is used.
struct ZipDirectory {
  struct Entry {
    let name: String
    /// The bytes of the data in the file.
    let range: Range<Int>
    /// 0 for stored data; everything else is compressed.
    let method: Int
    /// `nil` where the writer left it out.
    let checksum: UInt32?
  }

  private(set) var entries: [String: Entry] = [:]
  private let bytes: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) throws(PickleProblem) {
    self.bytes = bytes
    var (count, size, start) = try end()
    // The smallest entry takes 46 bytes.
    guard count >= 0, size >= 0, start >= 0, start <= bytes.count, size <= bytes.count - start, count <= size / 46 else {
      throw .damaged("the archive's directory leaves the file: \(count) entries, \(size) bytes at \(start)")
    }
    let end = start + size
    while count > 0 {
      let entry = try central(&start, end: end)
      guard entries.updateValue(entry, forKey: entry.name) == nil else { throw .damaged("the archive holds '\(entry.name)' twice") }
      count -= 1
    }
    guard start == end else { throw .damaged("the archive's directory has \(end - start) bytes that belong to no entry") }
  }

  func data(_ entry: Entry) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[entry.range]) }

  /// The entry of a name, or `nil` where there is none.
  /// - Throws: `PickleProblem` for a compressed one.
  func stored(_ name: String) throws(PickleProblem) -> Entry? {
    guard let entry = entries[name], entry.method != 0 else { return entries[name] }
    throw PickleProblem(
      .unsupported, "'\(name)' is compressed (method \(entry.method)), which torch.save never does", expected: "stored entries",
      remedy: "save it again with torch.save")
  }

  // MARK: The end

  private func end() throws(PickleProblem) -> (count: Int, size: Int, start: Int) {
    var position = bytes.count - 22
    // A comment of up to 65535 bytes may follow.
    let lowest = max(0, position - 65535)
    while position >= lowest {
      if number(position, 4) == 0x0605_4B50, number(position + 20, 2) == bytes.count - position - 22 { break }
      position -= 1
    }
    guard position >= lowest else {
      throw .damaged("is cut off: the archive's directory, which comes last, is missing")
    }
    let count = number(position + 10, 2), size = number(position + 12, 4), start = number(position + 16, 4)
    guard count == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF else { return (count, size, start) }
    let locator = position - 20
    guard locator >= 0, number(locator, 4) == 0x0706_4B50 else { throw .damaged("the archive's large directory is missing") }
    let at = number(locator + 8, 8)
    guard at >= 0, at <= bytes.count - 56, number(at, 4) == 0x0606_4B50 else {
      throw .damaged("the archive's large directory is not where it says")
    }
    return (number(at + 32, 8), number(at + 40, 8), number(at + 48, 8))
  }

  // MARK: Entries

  private func central(_ position: inout Int, end: Int) throws(PickleProblem) -> Entry {
    let at = position
    guard end - at >= 46, number(at, 4) == 0x0201_4B50 else { throw .damaged("the archive's directory is wrong at byte \(at)") }
    let nameSize = number(at + 28, 2), extraSize = number(at + 30, 2), commentSize = number(at + 32, 2)
    guard nameSize + extraSize + commentSize <= end - at - 46 else { throw .damaged("the archive's directory is wrong at byte \(at)") }
    let extra = at + 46 + nameSize
    position = extra + extraSize + commentSize
    guard let name = String(validating: bytes[at + 46..<extra], as: UTF8.self), !name.isEmpty else {
      throw .damaged("the archive's directory has an entry without a name at byte \(at)")
    }
    guard number(at + 8, 2) & 1 == 0 else { throw .unsupported("'\(name)' is encrypted") }
    let method = number(at + 10, 2)
    var size = number(at + 24, 4), packed = number(at + 20, 4), local = number(at + 42, 4)
    try large(extra..<extra + extraSize, &size, &packed, &local)
    guard method != 0 || size == packed, packed >= 0 else { throw .damaged("'\(name)' has \(packed) bytes for \(size) stored ones") }
    let checksum = UInt32(number(at + 16, 4))
    let data = try dataStart(local, name: bytes[at + 46..<extra], shown: name)
    guard packed <= bytes.count - data else { throw .damaged("'\(name)' goes on beyond the end of the file") }
    return Entry(name: name, range: data..<data + packed, method: method, checksum: checksum == 0 && size > 0 ? nil : checksum)
  }

  /// The 64-bit forms of numbers that do not fit into 32 bits.
  private func large(_ extra: Range<Int>, _ size: inout Int, _ packed: inout Int, _ local: inout Int) throws(PickleProblem) {
    guard size == 0xFFFF_FFFF || packed == 0xFFFF_FFFF || local == 0xFFFF_FFFF else { return }
    var position = extra.lowerBound
    while extra.upperBound - position >= 4 {
      let kind = number(position, 2), length = number(position + 2, 2)
      position += 4
      guard length <= extra.upperBound - position else { break }
      if kind == 1 {
        let end = position + length
        func next(_ value: inout Int) -> Bool {
          guard value == 0xFFFF_FFFF else { return true }
          guard end - position >= 8 else { return false }
          value = number(position, 8)
          position += 8
          return true
        }
        if next(&size), next(&packed), next(&local) { return }
        break
      }
      position += length
    }
    throw .damaged("an entry's 64-bit sizes are missing at byte \(extra.lowerBound)")
  }

  private func dataStart(_ local: Int, name: Slice<UnsafeRawBufferPointer>, shown: String) throws(PickleProblem) -> Int {
    guard local >= 0, local <= bytes.count - 30, number(local, 4) == 0x0403_4B50 else {
      throw .damaged("'\(shown)' is not where the directory says, at byte \(local)")
    }
    let nameSize = number(local + 26, 2), extraSize = number(local + 28, 2)
    guard nameSize + extraSize <= bytes.count - local - 30, bytes[local + 30..<local + 30 + nameSize].elementsEqual(name) else {
      throw .damaged("'\(shown)' has another name at byte \(local)")
    }
    return local + 30 + nameSize + extraSize
  }

  /// A little-endian number inside the file; -1 where it does not fit an `Int`.
  private func number(_ position: Int, _ size: Int) -> Int {
    var value: UInt64 = 0
    for offset in (0..<size).reversed() { value = value << 8 | UInt64(bytes[position + offset]) }
    return Int(exactly: value) ?? -1
  }
}
