/// Unicode normalisation (UAX #15) that remembers where each scalar came from.
///
/// Each scalar carries a change, as the reference library has it: 0 where it stands for the next scalar of the input, 1 where it was
/// added to the one before, -n where it also swallows the n that follow.
struct ChangedScalar {
  var scalar: UInt32
  var change: Int32
}

enum Normalization {
  enum Form: Sendable { case nfc, nfd, nfkc, nfkd }

  /// Whether text of such scalars only stays as it is.
  static func isInert(_ flags: UnicodeFlags, _ form: Form) -> Bool {
    switch form {
    case .nfd: flags.isDisjoint(with: [.decomposes, .reorders])
    case .nfkd: flags.isDisjoint(with: [.decomposesCompatibly, .reorders])
    case .nfc: flags.isDisjoint(with: [.decomposes, .reorders, .composes])
    case .nfkc: flags.isDisjoint(with: [.decomposesCompatibly, .reorders, .composes])
    }
  }

  static func apply(_ form: Form, to scalars: [UInt32]) -> [ChangedScalar] {
    let decomposed = decompose(scalars, compatibly: form == .nfkc || form == .nfkd)
    return form == .nfd || form == .nfkd ? decomposed : compose(decomposed)
  }

  private static func decompose(_ scalars: [UInt32], compatibly: Bool) -> [ChangedScalar] {
    let table = UnicodeTable.shared
    let flag: UnicodeFlags = compatibly ? .decomposesCompatibly : .decomposes
    var result: [ChangedScalar] = []
    result.reserveCapacity(scalars.count + scalars.count / 2)
    // Marks since the last scalar of class 0, to be put in order.
    var pending: [(combiningClass: UInt8, scalar: ChangedScalar)] = []
    func flush() {
      if pending.count > 1 {
        // A stable sort: insertion keeps equals in their order, and runs of marks are short in all but hostile text.
        if pending.count < 16 {
          for at in 1..<pending.count {
            let item = pending[at]
            var place = at
            while place > 0, pending[place - 1].combiningClass > item.combiningClass {
              pending[place] = pending[place - 1]
              place -= 1
            }
            pending[place] = item
          }
        } else {
          var buckets = [[ChangedScalar]](repeating: [], count: 256)
          for item in pending { buckets[Int(item.combiningClass)].append(item.scalar) }
          result += buckets.joined()
          pending.removeAll(keepingCapacity: true)
          return
        }
      }
      for item in pending { result.append(item.scalar) }
      pending.removeAll(keepingCapacity: true)
    }
    func add(_ scalar: UInt32, _ change: Int32) {
      let combiningClass = table.has(scalar, .reorders) ? table.combiningClass(scalar) : 0
      if combiningClass == 0 {
        flush()
        result.append(ChangedScalar(scalar: scalar, change: change))
      } else {
        pending.append((combiningClass, ChangedScalar(scalar: scalar, change: change)))
      }
    }
    for scalar in scalars {
      if scalar < 0x80 {
        if !pending.isEmpty { flush() }
        result.append(ChangedScalar(scalar: scalar, change: 0))
      } else if !table.has(scalar, flag) {
        add(scalar, 0)
      } else if (0xAC00..<0xD7A4).contains(scalar) {
        let index = scalar - 0xAC00
        add(0x1100 + index / 588, 0)
        add(0x1161 + index % 588 / 28, 1)
        if index % 28 != 0 { add(0x11A7 + index % 28, 1) }
      } else {
        let parts = (compatibly ? table.compatibleDecomposition(scalar) : table.canonicalDecomposition(scalar)) ?? [scalar]
        for (place, part) in parts.enumerated() { add(part, place == 0 ? 0 : 1) }
      }
    }
    flush()
    return result
  }

  private static func composed(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if (0x1100..<0x1113).contains(first), (0x1161..<0x1176).contains(second) {
      return 0xAC00 + ((first - 0x1100) * 21 + (second - 0x1161)) * 28
    }
    if (0xAC00..<0xD7A4).contains(first), (first - 0xAC00) % 28 == 0, (0x11A8..<0x11C3).contains(second) {
      return first + (second - 0x11A7)
    }
    return UnicodeTable.shared.composition(first, second)
  }

  private static func compose(_ scalars: [ChangedScalar]) -> [ChangedScalar] {
    let table = UnicodeTable.shared
    var result: [ChangedScalar] = []
    result.reserveCapacity(scalars.count)
    var starter: ChangedScalar?
    var marks: [ChangedScalar] = []
    var lastClass: UInt8?
    func flush() {
      if let starter { result.append(starter) }
      result += marks
      marks.removeAll(keepingCapacity: true)
      lastClass = nil
    }
    for item in scalars {
      let combiningClass = table.has(item.scalar, .reorders) ? table.combiningClass(item.scalar) : 0
      guard let first = starter else {
        if combiningClass == 0 { starter = item } else { result.append(item) }
        continue
      }
      // A mark is cut off from its starter by one of the same or a higher class in between.
      let isBlocked = lastClass.map { $0 >= combiningClass } ?? false
      if !isBlocked, let whole = composed(first.scalar, item.scalar) {
        starter = ChangedScalar(scalar: whole, change: first.change + item.change - 1)
      } else if combiningClass == 0 {
        flush()
        starter = item
      } else {
        marks.append(item)
        lastClass = combiningClass
      }
    }
    flush()
    return result
  }
}
