import MartletCore

/// A machine for the part of Python's pickle language (protocols 1 to 5) in which torch.save describes tensors.
///
/// It has no way to call anything: names are taken from ``PickleGlobal``'s list, and a call of one of them makes the value that it stands
/// for. Whatever else the language can say is refused with the name of what Python would have run.
struct PickleMachine {
  /// No real file comes near these.
  static let largestNodeCount = 8_000_000
  static let largestStack = 1_000_000

  private var reader: PickleReader
  private(set) var nodes: [PickleNode] = []
  private var stack: [PickleReference] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleReference] = [:]
  // A list that is named again and again must not be copied again and again.
  private var copied = 0

  /// - Parameter position: where the pickle begins.
  init(_ bytes: UnsafeRawBufferPointer, from position: Int = 0) { reader = PickleReader(bytes: bytes, position: position) }

  /// The byte after the pickle's end.
  var position: Int { reader.position }

  /// Runs to the end of the pickle.
  /// - Returns: the place of the result in `nodes`.
  mutating func run() throws(PickleProblem) -> PickleReference {
    while true {
      let at = reader.position
      let code = try reader.byte()
      if code == UInt8(ascii: ".") {
        guard stack.count == 1, marks.isEmpty else {
          throw .damaged("the pickle leaves \(stack.count) values instead of one at byte \(at)")
        }
        return stack[0]
      }
      guard try step(code) else { throw Self.unknown(code, at: at) }
      guard nodes.count <= Self.largestNodeCount, memo.count <= Self.largestNodeCount, stack.count <= Self.largestStack,
        marks.count <= Self.largestStack
      else {
        throw .tooLarge("the pickle holds more values than any file of tensors, at byte \(at)")
      }
    }
  }

  /// - Returns: whether the code is one of the language's.
  private mutating func step(_ code: UInt8) throws(PickleProblem) -> Bool {
    if try constant(code) { return true }
    if try container(code) { return true }
    if try memory(code) { return true }
    return try name(code)
  }

  private static func unknown(_ code: UInt8, at position: Int) -> PickleProblem {
    switch code {
    case UInt8(ascii: "I"), UInt8(ascii: "L"), UInt8(ascii: "F"), UInt8(ascii: "S"), UInt8(ascii: "V"), UInt8(ascii: "P"),
      UInt8(ascii: "g"), UInt8(ascii: "p"):
      return .unsupported("a pickle of protocol 0, whose tensors torch.save cannot write")
    case 0x8F, 0x90, 0x91: return .unsupported("holds a set")
    case 0x97, 0x98: return .unsupported("refers to buffers outside of the file")
    default:
      return .damaged("is no pickle at byte \(position): it says \(code) there")
    }
  }

  // MARK: Numbers and strings

  private mutating func constant(_ code: UInt8) throws(PickleProblem) -> Bool {
    switch code {
    case 0x80:  // PROTO
      let version = try reader.byte()
      guard (1...5).contains(version) else { throw .unsupported("a pickle of protocol \(version)") }
    case 0x95: _ = try reader.count8()  // FRAME: only tells readers of streams how much to fetch
    case UInt8(ascii: "N"): try push(.none)
    case 0x88: try push(.bool(true))
    case 0x89: try push(.bool(false))
    case UInt8(ascii: "J"): try push(.int(Int(Int32(truncatingIfNeeded: reader.unsigned(4)))))
    case UInt8(ascii: "K"): try push(.int(reader.unsigned(1)))
    case UInt8(ascii: "M"): try push(.int(reader.unsigned(2)))
    case 0x8A: try push(Self.long(reader.bytes(reader.unsigned(1))))
    case 0x8B: try push(Self.long(reader.bytes(reader.unsigned(4))))
    case UInt8(ascii: "G"): try push(.double(reader.bigEndianDouble()))
    case UInt8(ascii: "X"): try push(.string(reader.text(reader.unsigned(4))))
    case 0x8C: try push(.string(reader.text(reader.unsigned(1))))
    case 0x8D: try push(.string(reader.text(reader.count8())))
    // Strings of Python 2 are bytes that were always text in state dictionaries.
    case UInt8(ascii: "T"): try push(.string(reader.text(reader.unsigned(4))))
    case UInt8(ascii: "U"): try push(.string(reader.text(reader.unsigned(1))))
    case UInt8(ascii: "B"): try push(.bytes(reader.bytes(reader.unsigned(4))))
    case UInt8(ascii: "C"): try push(.bytes(reader.bytes(reader.unsigned(1))))
    case 0x8E, 0x96: try push(.bytes(reader.bytes(reader.count8())))
    default: return false
    }
    return true
  }

  /// A whole number in little-endian two's complement of any length.
  private static func long(_ bytes: [UInt8]) -> PickleNode {
    guard let last = bytes.last else { return .int(0) }
    guard bytes.count <= 8 else { return .large(bytes) }
    var value = UInt64(bitPattern: last >= 0x80 ? -1 : 0)
    for byte in bytes.reversed() { value = value << 8 | UInt64(byte) }
    return .int(Int(truncatingIfNeeded: value))
  }

  // MARK: Lists, tuples, dictionaries

  private mutating func container(_ code: UInt8) throws(PickleProblem) -> Bool {
    switch code {
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"):
      if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    case UInt8(ascii: "1"): _ = try popToMark()
    case UInt8(ascii: "2"):
      let top = try pop()
      stack += [top, top]
    case UInt8(ascii: "]"): try push(.list([]))
    case UInt8(ascii: "l"): try push(.list(popToMark()))
    case UInt8(ascii: ")"): try push(.tuple([]))
    case UInt8(ascii: "t"): try push(.tuple(popToMark()))
    case 0x85: try push(.tuple([pop()]))
    case 0x86:
      let second = try pop(), first = try pop()
      try push(.tuple([first, second]))
    case 0x87:
      let third = try pop(), second = try pop(), first = try pop()
      try push(.tuple([first, second, third]))
    case UInt8(ascii: "}"): try push(.dictionary([], ordered: false))
    case UInt8(ascii: "d"): try push(.dictionary(pairs(popToMark()), ordered: false))
    case UInt8(ascii: "a"):
      let item = try pop()
      try append([item], to: top())
    case UInt8(ascii: "e"):
      let items = try popToMark()
      try append(items, to: top())
    case UInt8(ascii: "s"):
      let value = try pop(), key = try pop()
      try insert([key, value], into: top())
    case UInt8(ascii: "u"):
      let items = try pairs(popToMark())
      try insert(items, into: top())
    default: return false
    }
    return true
  }

  private func pairs(_ items: [PickleReference]) throws(PickleProblem) -> [PickleReference] {
    guard items.count.isMultiple(of: 2) else { throw .damaged("a dictionary has a key without a value before byte \(position)") }
    return items
  }

  private mutating func append(_ items: [PickleReference], to place: PickleReference) throws(PickleProblem) {
    guard case .list(var list) = nodes[Int(place)] else {
      throw .damaged("appends to \(nodes[Int(place)].kind) at byte \(position)")
    }
    // Without this second owner the list would be copied at every append.
    nodes[Int(place)] = .none
    list += items
    nodes[Int(place)] = .list(list)
  }

  private mutating func insert(_ items: [PickleReference], into place: PickleReference) throws(PickleProblem) {
    guard case .dictionary(var entries, let ordered) = nodes[Int(place)] else {
      throw .damaged("puts a key into \(nodes[Int(place)].kind) at byte \(position)")
    }
    nodes[Int(place)] = .none
    entries += items
    nodes[Int(place)] = .dictionary(entries, ordered: ordered)
  }

  // MARK: What was seen before

  private mutating func memory(_ code: UInt8) throws(PickleProblem) -> Bool {
    switch code {
    case UInt8(ascii: "q"): try remember(reader.unsigned(1))
    case UInt8(ascii: "r"): try remember(reader.unsigned(4))
    case 0x94: try remember(memo.count)
    case UInt8(ascii: "h"): try recall(reader.unsigned(1))
    case UInt8(ascii: "j"): try recall(reader.unsigned(4))
    default: return false
    }
    return true
  }

  private mutating func remember(_ index: Int) throws(PickleProblem) { memo[index] = try top() }

  private mutating func recall(_ index: Int) throws(PickleProblem) {
    guard let value = memo[index] else { throw .damaged("refers to value \(index) before byte \(position), which does not exist") }
    stack.append(value)
  }

  // MARK: Names, and what may be made of them

  private mutating func name(_ code: UInt8) throws(PickleProblem) -> Bool {
    switch code {
    case UInt8(ascii: "c"):
      let module = try reader.line(), name = try reader.line()
      try push(.global(Self.global(module, name)))
    case 0x93:
      let second = try pop(), first = try pop()
      guard case .string(let module) = nodes[Int(first)], case .string(let name) = nodes[Int(second)] else {
        throw .damaged("a name that is no string at byte \(position)")
      }
      try push(.global(Self.global(module, name)))
    case UInt8(ascii: "R"):
      let arguments = try pop(), function = try pop()
      try push(call(function, arguments))
    case UInt8(ascii: "Q"):
      let id = try pop()
      try push(.storage(PickleCalls.storage(id, nodes)))
    case UInt8(ascii: "b"):
      // A state dictionary is an OrderedDict with the attribute _metadata, which holds version numbers.
      let state = try pop()
      guard case .dictionary(_, ordered: true) = nodes[Int(try top())], case .dictionary = nodes[Int(state)] else {
        throw .code("__setstate__", "it sets the state of \(nodes[Int(try top())].kind)")
      }
    case UInt8(ascii: "i"):
      let module = try reader.line(), name = try reader.line()
      throw .code("\(module).\(name)", "it creates \(Self.shown("\(module).\(name)"))")
    case UInt8(ascii: "o"), 0x81, 0x92: throw .code("__new__", "it creates an object of a class of its own")
    case 0x82, 0x83, 0x84:
      let number = try reader.unsigned(1 << (Int(code) - 0x82))
      throw .code("copyreg extension \(number)", "it calls number \(number) of Python's extension registry")
    default: return false
    }
    return true
  }

  private static func global(_ module: String, _ name: String) throws(PickleProblem) -> PickleGlobal {
    if let global = PickleGlobal(module: module, name: name) { return global }
    throw .code("\(module).\(name)", "it refers to \(shown("\(module).\(name)"))")
  }

  /// A name of the file's own making, fit for a terminal.
  private static func shown(_ name: String) -> String {
    let plain = String(name.unicodeScalars.prefix(120).map { $0.value < 32 || $0.value == 127 ? "?" : Character($0) })
    return "'\(plain)'\(name.unicodeScalars.count > 120 ? " …" : "")"
  }

  private mutating func call(_ function: PickleReference, _ arguments: PickleReference) throws(PickleProblem) -> PickleNode {
    guard case .global(let global) = nodes[Int(function)] else {
      throw .code("__call__", "it calls \(nodes[Int(function)].kind)")
    }
    guard case .tuple(let values) = nodes[Int(arguments)] else { throw .damaged("a call without a tuple of arguments at byte \(position)") }
    let result = try PickleCalls.result(of: global, values, nodes)
    if case .dictionary(let entries, _) = result { copied += entries.count }
    guard copied <= Self.largestNodeCount else { throw .tooLarge("copies a list without end at byte \(position)") }
    return result
  }

  // MARK: The stack

  private mutating func push(_ node: PickleNode) throws(PickleProblem) {
    nodes.append(node)
    stack.append(PickleReference(nodes.count - 1))
  }

  private func top() throws(PickleProblem) -> PickleReference {
    guard let top = stack.last, stack.count > marks.last ?? 0 else {
      throw .damaged("takes a value that does not exist at byte \(position)")
    }
    return top
  }

  private mutating func pop() throws(PickleProblem) -> PickleReference {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func popToMark() throws(PickleProblem) -> [PickleReference] {
    guard let mark = marks.popLast() else { throw .damaged("ends a group that never began at byte \(position)") }
    let items = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return items
  }
}
