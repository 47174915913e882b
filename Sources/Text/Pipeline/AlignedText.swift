/// A text in the course of its normalisation: its bytes, and for each byte the place in the original that it came from.
///
/// The rules by which places follow changes are those of the reference library (`NormalizedString`), so that offsets are the same.
struct AlignedText {
  var bytes: [UInt8]
  /// For each byte where its original begins and ends, in bytes of the original; both empty while the text is the original.
  var starts: [Int32] = []
  var ends: [Int32] = []
  /// Whether `starts` and `ends` are left out.
  var isIdentity = true
  /// Where the text begins in the original.
  let base: Int32

  init(_ bytes: some Sequence<UInt8>, base: Int) {
    self.bytes = Array(bytes)
    self.base = Int32(base)
  }

  mutating func materialize() {
    guard isIdentity else { return }
    isIdentity = false
    let count = bytes.count
    starts = [Int32](unsafeUninitializedCapacity: count) { buffer, used in
      var at = 0
      while at < count {
        let length = UTF8Text.length(bytes[at])
        for offset in 0..<length { buffer[at + offset] = base + Int32(at) }
        at += length
      }
      used = count
    }
    ends = [Int32](unsafeUninitializedCapacity: count) { buffer, used in
      var at = 0
      while at < count {
        let length = UTF8Text.length(bytes[at])
        for offset in 0..<length { buffer[at + offset] = base + Int32(at + length) }
        at += length
      }
      used = count
    }
  }

  var scalars: [UInt32] {
    var result: [UInt32] = []
    result.reserveCapacity(bytes.count)
    bytes.withUnsafeBufferPointer { buffer in
      guard let pointer = buffer.baseAddress else { return }
      var at = 0
      while at < buffer.count {
        let (scalar, length) = UTF8Text.decode(pointer, at)
        result.append(scalar)
        at += length
      }
    }
    return result
  }

  /// Puts changed scalars in the place of the whole text, of which the first `removed` scalars are dropped.
  mutating func transform(_ changes: [ChangedScalar], removed: Int = 0) {
    materialize()
    guard !bytes.isEmpty else { return }
    // Bytes at the front that come from nowhere are left alone.
    let from = zip(starts, ends).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? bytes.count
    transform(from..<bytes.count, changes, removed: removed)
  }

  mutating func transform(_ range: Range<Int>, _ changes: [ChangedScalar], removed: Int = 0) {
    materialize()
    var newBytes: [UInt8] = []
    var newStarts: [Int32] = [], newEnds: [Int32] = []
    newBytes.reserveCapacity(changes.count * 2)
    newStarts.reserveCapacity(changes.count * 2)
    newEnds.reserveCapacity(changes.count * 2)
    var at = range.lowerBound
    func skip(_ count: Int) {
      var left = count
      while left > 0, at < range.upperBound {
        at += UTF8Text.length(bytes[at])
        left -= 1
      }
    }
    skip(removed)
    for item in changes {
      var start = base
      var end = base
      if item.change > 0 {
        if at >= 1 { (start, end) = (starts[at - 1], ends[at - 1]) }
      } else {
        if at < bytes.count { (start, end) = (starts[at], ends[at]) }
        skip(1 - Int(item.change))
      }
      UTF8Text.append(item.scalar, to: &newBytes)
      while newStarts.count < newBytes.count {
        newStarts.append(start)
        newEnds.append(end)
      }
    }
    if range == bytes.startIndex..<bytes.count {
      (bytes, starts, ends) = (newBytes, newStarts, newEnds)
    } else {
      bytes.replaceSubrange(range, with: newBytes)
      starts.replaceSubrange(range, with: newStarts)
      ends.replaceSubrange(range, with: newEnds)
    }
  }

  /// Drops the scalars that the test refuses.
  mutating func filter(_ keep: (UInt32) -> Bool) {
    var changes: [ChangedScalar] = []
    var removed: Int32 = 0
    var removedAtStart = 0
    var isChanged = false
    for scalar in scalars {
      if keep(scalar) {
        if changes.isEmpty { removedAtStart = Int(removed) } else { changes[changes.count - 1].change = -removed }
        changes.append(ChangedScalar(scalar: scalar, change: 0))
        removed = 0
      } else {
        removed += 1
        isChanged = true
      }
    }
    guard isChanged else { return }
    if !changes.isEmpty { changes[changes.count - 1].change = -removed }
    transform(changes, removed: removedAtStart)
  }

  mutating func map(_ change: (UInt32) -> UInt32) {
    var isChanged = false
    let changes = scalars.map { scalar in
      let new = change(scalar)
      if new != scalar { isChanged = true }
      return ChangedScalar(scalar: new, change: 0)
    }
    if isChanged { transform(changes) }
  }

  mutating func prepend(_ text: [UInt32]) {
    guard let first = bytes.first, !text.isEmpty else { return }
    let length = UTF8Text.length(first)
    let next = bytes.withUnsafeBufferPointer { UTF8Text.decode($0.baseAddress.unsafelyUnwrapped, 0).scalar }
    var changes = text.enumerated().map { ChangedScalar(scalar: $0.element, change: $0.offset == 0 ? 0 : 1) }
    changes.append(ChangedScalar(scalar: next, change: 1))
    transform(0..<length, changes)
  }

  /// Puts a text in the place of each match; what is put there belongs to the last byte of the match.
  mutating func replace(_ matches: [Range<Int>], with content: [UInt8]) {
    guard !matches.isEmpty else { return }
    materialize()
    var newBytes: [UInt8] = []
    var newStarts: [Int32] = [], newEnds: [Int32] = []
    newBytes.reserveCapacity(bytes.count + matches.count * content.count)
    newStarts.reserveCapacity(newBytes.capacity)
    newEnds.reserveCapacity(newBytes.capacity)
    var last = 0
    for match in matches {
      newBytes += bytes[last..<match.lowerBound]
      newStarts += starts[last..<match.lowerBound]
      newEnds += ends[last..<match.lowerBound]
      newBytes += content
      let (start, end) = match.upperBound > 0 ? (starts[match.upperBound - 1], ends[match.upperBound - 1]) : (base, base)
      for _ in 0..<content.count {
        newStarts.append(start)
        newEnds.append(end)
      }
      last = match.upperBound
    }
    newBytes += bytes[last...]
    newStarts += starts[last...]
    newEnds += ends[last...]
    (bytes, starts, ends) = (newBytes, newStarts, newEnds)
  }
}
