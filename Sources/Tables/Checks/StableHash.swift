/// 64-bit hashes of values that are the same in every process and on every machine, unlike Swift's own.
enum StableHash {
  static let missing: UInt64 = 0x6d69_7373_696e_6721

  /// The finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014).
  @inline(__always)
  static func mix(_ value: UInt64) -> UInt64 {
    var mixed = value &+ 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// A number's hash: 1 and 1.0 are one value, and so are 0 and -0.
  @inline(__always)
  static func number(_ value: Double) -> UInt64 { mix(value == 0 ? 0 : value.bitPattern) }

  /// A whole number's hash: that of the number where a double can say it exactly.
  @inline(__always)
  static func integer(_ value: Int64) -> UInt64 {
    let number = Double(value)
    return abs(number) < 0x1p53 ? Self.number(number) : mix(UInt64(bitPattern: value) ^ 0x5555_aaaa_5555_aaaa)
  }

  /// As for signed whole numbers.
  @inline(__always)
  static func unsigned(_ value: UInt64) -> UInt64 {
    value <= UInt64(Int64.max) ? integer(Int64(value)) : mix(value ^ 0x3333_cccc_3333_cccc)
  }

  /// The hash of a text's bytes, eight at a time.
  @inline(__always)
  static func bytes(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash: UInt64 = 0x7465_7874 ^ UInt64(bytes.count) &* 0x9e37_79b9_7f4a_7c15
    guard let base = bytes.baseAddress else { return mix(hash) }
    let raw = UnsafeRawPointer(base)
    var place = 0
    while place + 8 <= bytes.count {
      hash = mix(hash ^ raw.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      place += 8
    }
    var rest: UInt64 = 0
    while place < bytes.count {
      rest = rest << 8 | UInt64(base[place])
      place += 1
    }
    return mix(hash ^ rest)
  }

  static func text(_ text: String) -> UInt64 {
    var text = text
    return text.withUTF8 { bytes($0) }
  }
}

extension Column {
  /// A hash for each row, equal for equal values whatever the width of the type; categories hash as their texts. Missing rows, and numbers
  /// that are not one, have one hash of their own.
  func rowHashes() -> [UInt64] {
    let names = type == .categorical ? categories.map(StableHash.text) : []
    return [UInt64](unsafeUninitializedCapacity: count) { target, written in
      switch type {
      case .text: for row in 0..<count { target[row] = StableHash.bytes(bytesUnchecked(row)) }
      case .categorical: for row in 0..<count { target[row] = isMissing(row) ? 0 : names[Int(load(row, Int32.self))] }
      case .boolean: for row in 0..<count { target[row] = StableHash.number(booleanUnchecked(row) ? 1 : 0) }
      case .uint64: for row in 0..<count { target[row] = StableHash.unsigned(load(row, UInt64.self)) }
      case .float32, .float64:
        for row in 0..<count {
          let value = numberUnchecked(row)
          target[row] = value.isNaN ? StableHash.missing : StableHash.number(value)
        }
      case .list:
        for row in 0..<count { target[row] = StableHash.text("\(value(row))") }
      case .int64, .timestamp: for row in 0..<count { target[row] = StableHash.integer(load(row, Int64.self)) }
      default: for row in 0..<count { target[row] = StableHash.integer(integerUnchecked(row)) }
      }
      if missingCount > 0 { for row in 0..<count where isMissing(row) { target[row] = StableHash.missing } }
      written = count
    }
  }
}

extension Table {
  /// A hash for each row over the named columns, in their order. Equal rows have equal hashes; different rows almost never do
  /// (2^-64 for each pair).
  /// - Throws: `TableError` if a column is unknown.
  public func rowHashes(of names: [String]? = nil) throws(TableError) -> [UInt64] {
    var hashes = [UInt64](repeating: 0, count: rowCount)
    for name in names ?? columnNames {
      let part = try column(name).rowHashes()
      for row in hashes.indices { hashes[row] = StableHash.mix(hashes[row] ^ part[row]) }
    }
    return hashes
  }
}
