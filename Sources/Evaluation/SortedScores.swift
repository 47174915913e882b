/// The rows of a column of scores in ascending order, found by radix sort.
///
/// The upper 32 bits of the sortable key and the row number share one 64-bit word, so that three passes of 11 bits order a million
/// scores; for `Double`, runs that agree in those bits are then ordered by their full value.
struct SortedScores {
  /// Row numbers, ascending by score; equal scores in the order of the rows.
  let order: [UInt32]
  /// Element `i` says that the score at place `i` equals that at place `i + 1`; the last is `false`.
  let tiesWithNext: [Bool]

  /// - Parameters:
  ///   - column, columns: which scores of a row-major matrix to sort; 0 and 1 for a plain array.
  /// - Throws: `MetricError` naming the first row whose score is NaN.
  @specialized(where Score == Float)
  @specialized(where Score == Double)
  init<Score: BinaryFloatingPoint>(_ scores: [Score], column: Int = 0, columns: Int = 1) throws(MetricError) {
    let count = scores.count / max(columns, 1)
    guard count < Int(UInt32.max) else { throw MetricError(.badArgument, "\(count) scores", expected: "fewer than 2^32") }
    var words = [UInt64](repeating: 0, count: count)
    var low = [UInt32](repeating: 0, count: Score.self == Float.self ? 0 : count)
    let bad = scores.withUnsafeBufferPointer { scores in
      words.withUnsafeMutableBufferPointer { words in
        low.withUnsafeMutableBufferPointer { low -> Int? in
          for row in 0..<count {
            let score = scores[row &* columns &+ column]
            // Adding zero makes -0 the same as 0.
            if Score.self == Float.self {
              let bits = (Float(score) + 0).bitPattern
              if bits & 0x7FFF_FFFF > 0x7F80_0000 { return row }
              let key = bits & 0x8000_0000 != 0 ? ~bits : bits | 0x8000_0000
              words[row] = UInt64(key) << 32 | UInt64(UInt32(truncatingIfNeeded: row))
            } else {
              let bits = (Double(score) + 0).bitPattern
              if bits & 0x7FFF_FFFF_FFFF_FFFF > 0x7FF0_0000_0000_0000 { return row }
              let key = bits & 0x8000_0000_0000_0000 != 0 ? ~bits : bits | 0x8000_0000_0000_0000
              words[row] = (key & 0xFFFF_FFFF_0000_0000) | UInt64(UInt32(truncatingIfNeeded: row))
              low[row] = UInt32(truncatingIfNeeded: key)
            }
          }
          return nil
        }
      }
    }
    if let bad {
      throw MetricError(
        .notANumber, row: bad, "the score of row \(bad) is NaN", remedy: "look for NaN in the model's weights or in this row's input")
    }
    Self.sortByUpperHalf(&words)
    if !low.isEmpty { Self.sortRuns(&words, by: low) }
    var order = [UInt32](repeating: 0, count: count)
    var ties = [Bool](repeating: false, count: count)
    words.withUnsafeBufferPointer { words in
      for place in 0..<count {
        order[place] = UInt32(truncatingIfNeeded: words[place])
        if place &+ 1 < count, words[place] >> 32 == words[place &+ 1] >> 32 {
          ties[place] =
            low.isEmpty || low[Int(UInt32(truncatingIfNeeded: words[place]))] == low[Int(UInt32(truncatingIfNeeded: words[place &+ 1]))]
        }
      }
    }
    self.order = order
    tiesWithNext = ties
  }

  /// Three stable passes over bits 32 … 63. A pass over digits that are all the same is skipped.
  private static func sortByUpperHalf(_ words: inout [UInt64]) {
    let count = words.count
    if count < 256 {
      words.sort()
      return
    }
    var histogram = [Int](repeating: 0, count: 3 * 2048)
    var other = [UInt64](repeating: 0, count: count)
    histogram.withUnsafeMutableBufferPointer { histogram in
      words.withUnsafeMutableBufferPointer { first in
        other.withUnsafeMutableBufferPointer { second in
          for word in first {
            histogram[Int((word >> 32) & 2047)] &+= 1
            histogram[2048 &+ Int((word >> 43) & 2047)] &+= 1
            histogram[4096 &+ Int(word >> 54)] &+= 1
          }
          var source = first, target = second
          for pass in 0..<3 {
            let base = pass &* 2048, shift = UInt64(32 &+ pass &* 11)
            if (0..<2048).contains(where: { histogram[base &+ $0] == count }) { continue }
            var sum = 0
            for digit in 0..<2048 {
              let size = histogram[base &+ digit]
              histogram[base &+ digit] = sum
              sum &+= size
            }
            for word in source {
              let digit = base &+ Int((word >> shift) & 2047)
              target[histogram[digit]] = word
              histogram[digit] &+= 1
            }
            swap(&source, &target)
          }
          if source.baseAddress != first.baseAddress { _ = first.update(fromContentsOf: source) }
        }
      }
    }
  }

  /// Orders runs of equal upper halves by their lower halves, then by row.
  private static func sortRuns(_ words: inout [UInt64], by low: [UInt32]) {
    words.withUnsafeMutableBufferPointer { words in
      low.withUnsafeBufferPointer { low in
        func isBefore(_ a: UInt64, _ b: UInt64) -> Bool {
          let rowA = UInt32(truncatingIfNeeded: a), rowB = UInt32(truncatingIfNeeded: b)
          return (low[Int(rowA)], rowA) < (low[Int(rowB)], rowB)
        }
        var start = 0
        while start < words.count {
          let key = words[start] >> 32
          var end = start &+ 1
          while end < words.count, words[end] >> 32 == key { end &+= 1 }
          if end &- start == 2 {
            if isBefore(words[start &+ 1], words[start]) { words.swapAt(start, start &+ 1) }
          } else if end &- start > 2 {
            words[start..<end].sort(by: isBefore)
          }
          start = end
        }
      }
    }
  }
}
