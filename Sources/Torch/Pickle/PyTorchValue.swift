public import MartletCore

/// What torch.save wrote: tensors, numbers and strings in lists, tuples and dictionaries.
public indirect enum PyTorchValue: Sendable {
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case bytes([UInt8])
  case list([PyTorchValue])
  case tuple([PyTorchValue])
  /// In order; keys that are numbers are spelled as text.
  case dictionary([(key: String, value: PyTorchValue)])
  case dtype(DType)
  /// `torch.Size`.
  case size([Int])
  case tensor(PyTorchTensor)

  /// The value of a key, or `nil` where this is no dictionary or has no such key.
  public subscript(key: String) -> PyTorchValue? {
    guard case .dictionary(let entries) = self else { return nil }
    return entries.first { $0.key == key }?.value
  }

  /// The tensors under this value with their dotted names (`model.conv1.weight`, `optimizer.state.0.exp_avg`), in the file's order.
  /// Items of lists and tuples are named by their position. A value that is a tensor itself has an empty name.
  public func tensors() -> [(name: String, tensor: PyTorchTensor)] {
    var found: [(name: String, tensor: PyTorchTensor)] = []
    collect("", into: &found)
    return found
  }

  private func collect(_ name: String, into found: inout [(name: String, tensor: PyTorchTensor)]) {
    func under(_ part: String) -> String { name.isEmpty ? part : name + "." + part }
    switch self {
    case .tensor(let tensor): found.append((name, tensor))
    case .dictionary(let entries): for (key, value) in entries { value.collect(under(key), into: &found) }
    case .list(let items), .tuple(let items):
      for (position, item) in items.enumerated() { item.collect(under(String(position)), into: &found) }
    case .none, .bool, .int, .double, .string, .bytes, .dtype, .size: break
    }
  }
}

/// Makes the tree of a pickle's values, which may refer to each other in circles.
struct PyTorchTreeMaker {
  private static let deepest = 64
  private static let largest = 2_000_000
  private static let longestName = 1024

  let nodes: [PickleNode]
  /// The memory of a persistent id, checked to be there with that size.
  let storage: (PickleStorage) throws(PickleProblem) -> PyTorchStorage
  private var made = 0

  init(nodes: [PickleNode], storage: @escaping (PickleStorage) throws(PickleProblem) -> PyTorchStorage) {
    self.nodes = nodes
    self.storage = storage
  }

  /// - Parameters:
  ///   - depth: levels above.
  ///   - name: letters in the dotted name above.
  mutating func value(_ place: PickleReference, depth: Int = 0, name: Int = 0) throws(PickleProblem) -> PyTorchValue {
    made += 1
    guard depth <= Self.deepest else { throw .tooLarge("values lie in each other more than \(Self.deepest) levels deep, or in a circle") }
    guard made <= Self.largest else { throw .tooLarge("holds more than \(Self.largest) values") }
    guard name <= Self.longestName else { throw .tooLarge("a name of more than \(Self.longestName) letters") }
    switch nodes[Int(place)] {
    case .none: return .none
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .large(let bytes): throw .unsupported("a whole number of \(bytes.count * 8) bits")
    case .double(let value): return .double(value)
    case .string(let value): return .string(value)
    case .bytes(let value): return .bytes(value)
    case .size(let value): return .size(value)
    case .list(let items): return .list(try values(items, depth, name))
    case .tuple(let items): return .tuple(try values(items, depth, name))
    case .dictionary(let entries, _): return .dictionary(try members(entries, depth, name))
    case .global(.dtype(let dtype)): return .dtype(dtype)
    case .global: throw .unsupported("holds a class or function by name")
    case .storage(let storage):
      let whole = PickleTensor(
        storage: storage, dtype: storage.dtype, shape: [storage.count], strides: [1], offset: storage.start)
      return .tensor(PyTorchTensor(whole, try self.storage(storage)))
    case .tensor(let tensor): return .tensor(PyTorchTensor(tensor, try storage(tensor.storage)))
    }
  }

  private mutating func values(_ items: [PickleReference], _ depth: Int, _ name: Int) throws(PickleProblem) -> [PyTorchValue] {
    var values: [PyTorchValue] = []
    for (position, item) in items.enumerated() {
      values.append(try value(item, depth: depth + 1, name: name + String(position).utf8.count + 1))
    }
    return values
  }

  /// As in Python a key that comes again replaces the value and keeps its place.
  private mutating func members(
    _ entries: [PickleReference], _ depth: Int, _ name: Int
  ) throws(PickleProblem) -> [(key: String, value: PyTorchValue)] {
    var members: [(key: String, value: PyTorchValue)] = []
    var places: [String: Int] = [:]
    for index in stride(from: 0, to: entries.count, by: 2) {
      let key = try key(entries[index])
      let value = try value(entries[index + 1], depth: depth + 1, name: name + key.utf8.count + 1)
      if let place = places[key] {
        members[place].value = value
      } else {
        places[key] = members.count
        members.append((key, value))
      }
    }
    return members
  }

  private func key(_ place: PickleReference) throws(PickleProblem) -> String {
    switch nodes[Int(place)] {
    case .string(let key): return key
    case .int(let key): return String(key)
    case .bool(let key): return key ? "True" : "False"
    case .none: return "None"
    case let other: throw .unsupported("a dictionary whose key is \(other.kind)")
    }
  }
}
