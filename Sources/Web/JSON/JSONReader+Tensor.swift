package import MartletCore

extension JSONReader {
  /// Reads numbers in any regular nesting: `5`, `[1, 2]`, `[[1, 2], [3, 4]]`.
  ///
  /// - Parameters:
  ///   - dtype: what the numbers become.
  ///   - name: the tensor's name, for messages.
  ///   - byteLimit: the most bytes that the array may have.
  ///   - capacity: the number of elements that is likely, to reserve memory.
  /// - Returns: an array of the nesting's own shape.
  /// - Throws: `JSONProblem` that names the place of what is ragged, out of range or no number; `TensorTooLarge`.
  package mutating func readTensor(_ dtype: DType, name: String, byteLimit: Int, capacity: Int = 0) throws -> HostArray {
    switch dtype {
    case .float32: try readTensor(of: Float.self, name, byteLimit, capacity)
    case .float64: try readTensor(of: Double.self, name, byteLimit, capacity)
    case .float16: try readTensor(of: Float16.self, name, byteLimit, capacity)
    case .bfloat16: try readTensor(of: BFloat16.self, name, byteLimit, capacity)
    case .int8: try readTensor(of: Int8.self, name, byteLimit, capacity)
    case .int16: try readTensor(of: Int16.self, name, byteLimit, capacity)
    case .int32: try readTensor(of: Int32.self, name, byteLimit, capacity)
    case .int64: try readTensor(of: Int64.self, name, byteLimit, capacity)
    case .uint8: try readTensor(of: UInt8.self, name, byteLimit, capacity)
    case .uint16: try readTensor(of: UInt16.self, name, byteLimit, capacity)
    case .uint32: try readTensor(of: UInt32.self, name, byteLimit, capacity)
    case .uint64: try readTensor(of: UInt64.self, name, byteLimit, capacity)
    case .bool: try readTensor(of: Bool.self, name, byteLimit, capacity)
    case .complex64, .complex128, .float8e4m3, .float8e5m2:
      throw problem("'\(name)' holds \(dtype), which JSON cannot carry")
    }
  }

  private mutating func readTensor<Element: JSONElement>(
    of type: Element.Type, _ name: String, _ byteLimit: Int, _ capacity: Int
  ) throws -> HostArray {
    var nesting = Nesting<Element>(name: name, limit: byteLimit / Element.dtype.size)
    // The text bounds the count too: an element and its comma take two bytes.
    nesting.values.reserveCapacity(min(capacity, nesting.limit, (text.count - offset) / 2 + 1))
    try read(&nesting, level: 0)
    return try HostArray(nesting.values, shape: nesting.shape)
  }

  private mutating func read<Element: JSONElement>(_ nesting: inout Nesting<Element>, level: Int) throws {
    guard peek() == UInt8(ascii: "[") else {
      try nesting.checkLeaf(level, self)
      nesting.values.append(try element(&nesting, index: nil))
      return
    }
    if let leaf = nesting.leafLevel, level >= leaf {
      throw problem("\(nesting.place()) is an array, unlike the numbers before it: the nesting is ragged", expected: "a number")
    }
    let start = offset
    offset += 1
    try enter()
    defer { leave() }
    if level == nesting.shape.count { nesting.shape.append(-1) }
    var count = 0
    switch peek() {
    case UInt8(ascii: "]"): offset += 1
    case UInt8(ascii: "["):
      nesting.indices.append(0)
      repeat {
        nesting.indices[level] = count
        try read(&nesting, level: level + 1)
        count += 1
      } while try continuesArray()
      nesting.indices.removeLast()
    default:
      try nesting.checkLeaf(level + 1, self)
      repeat {
        guard nesting.values.count < nesting.limit else { throw nesting.tooLarge }
        nesting.values.append(try element(&nesting, index: count))
        count += 1
      } while try continuesArray()
    }
    if nesting.shape[level] == -1 {
      nesting.shape[level] = count
    } else if nesting.shape[level] != count {
      throw problem(
        "\(nesting.place()) has \(count) elements but the first of its kind has \(nesting.shape[level]): the nesting is ragged",
        expected: "\(nesting.shape[level]) elements", at: start)
    }
  }

  @inline(__always)
  private mutating func element<Element: JSONElement>(_ nesting: inout Nesting<Element>, index: Int?) throws(JSONProblem) -> Element {
    skipSpace()
    if offset < text.count {
      switch text[offset] {
      case UInt8(ascii: "\""), UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "n"):
        let found = text[offset] == UInt8(ascii: "n") ? "null" : text[offset] == UInt8(ascii: "\"") ? "text" : "no number"
        throw problem("\(nesting.place(index)) is \(found)", expected: "a number (\(Element.dtype))")
      default: break
      }
    }
    return try Element.read(from: &self)
  }

  @inline(__always)
  private mutating func continuesArray() throws(JSONProblem) -> Bool {
    switch peek() {
    case UInt8(ascii: ","):
      offset += 1
      return true
    case UInt8(ascii: "]"):
      offset += 1
      return false
    default: throw unexpected("',' or ']'")
    }
  }
}

/// What is known of a tensor while its nested arrays are read.
private struct Nesting<Element: JSONElement> {
  let name: String
  let limit: Int
  var values: [Element] = []
  /// Counts by level; -1 until the first array of a level has ended.
  var shape: [Int] = []
  /// The level at which the numbers stand, once one was seen.
  var leafLevel: Int?
  /// Where the reader is, without the innermost index.
  var indices: [Int] = []

  init(name: String, limit: Int) {
    self.name = name
    self.limit = limit
  }

  mutating func checkLeaf(_ level: Int, _ reader: JSONReader) throws(JSONProblem) {
    if level < shape.count || leafLevel.map({ $0 != level }) == true {
      throw reader.problem("\(place()) is no array, unlike those before it: the nesting is ragged", expected: "an array")
    }
    leafLevel = level
  }

  func place(_ index: Int? = nil) -> String {
    "'\(name)'" + indices.map { "[\($0)]" }.joined() + (index.map { "[\($0)]" } ?? "")
  }

  var tooLarge: TensorTooLarge {
    TensorTooLarge(
      problem: "'\(name)' has more than \(limit) elements, the most that this server takes in one tensor",
      remedy: "send fewer items in one request")
  }
}
