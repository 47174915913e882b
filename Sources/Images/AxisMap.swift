import CImage

/// Where the columns (or rows) of a moved and mirrored picture come from; moves and mirrors of any number fold into one of these.
struct AxisMap: Equatable {
  var size: Int
  /// Source position = offset + step × target position.
  var step = 1
  var offset = 0
  /// Targets low..<high show the source, the others the fill.
  var low = 0
  var high: Int

  init(size: Int) {
    self.size = size
    high = size
  }

  mutating func window(start: Int, size newSize: Int) {
    offset += step * start
    low = min(max(0, low - start), newSize)
    high = max(low, min(newSize, high - start))
    size = newSize
  }

  mutating func flip() {
    offset += step * (size - 1)
    step = -step
    (low, high) = (size - high, size - low)
  }

  var raw: cimage_axis {
    cimage_axis(size: Int32(size), step: Int32(step), offset: Int32(offset), low: Int32(low), high: Int32(high))
  }
}

/// The whole of an augmentation as one move, where it is one: no turns, no resizing, one fill.
struct Placement {
  var x, y: AxisMap
  var fill: UInt8?

  init(width: Int, height: Int) {
    x = AxisMap(size: width)
    y = AxisMap(size: height)
  }

  /// - Returns: whether the transform could be folded in.
  mutating func add(_ transform: ResolvedTransform) -> Bool {
    switch transform {
    case .identity: return true
    case .flipHorizontal: x.flip()
    case .flipVertical: y.flip()
    case .window(let startX, let startY, let width, let height, let newFill):
      let isInside = startX >= 0 && startY >= 0 && startX + width <= x.size && startY + height <= y.size
      if !isInside {
        if let fill, fill != newFill { return false }
        fill = newFill
      }
      x.window(start: startX, size: width)
      y.window(start: startY, size: height)
    default: return false
    }
    return true
  }
}
