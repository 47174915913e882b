import MartletCore

/// What the few callable names of a tensor file stand for.
enum PickleCalls {
  private static let deepestTensor = 64
  /// A view may repeat elements (stride 0). Beyond this number of elements it has to lie in the file for real.
  private static let largestExpansion = 1 << 26

  static func result(
    of global: PickleGlobal, _ arguments: [PickleReference], _ nodes: [PickleNode]
  ) throws(PickleProblem) -> PickleNode {
    switch global {
    case .orderedDictionary: return try orderedDictionary(arguments, nodes)
    case .size:
      guard arguments.count == 1 else { throw .damaged("torch.Size is called with \(arguments.count) values") }
      return .size(try integers(arguments[0], nodes, "torch.Size"))
    case .rebuildTensor:
      guard arguments.count == 4 else { throw wrongCount("_rebuild_tensor", arguments) }
      return try tensor(arguments, nodes, dtype: nil)
    case .rebuildTensorV2:
      guard arguments.count == 6 || arguments.count == 7 else { throw wrongCount("_rebuild_tensor_v2", arguments) }
      try requirePlain(arguments.count == 7 ? arguments[6] : nil, nodes)
      return try tensor(arguments, nodes, dtype: nil)
    case .rebuildTensorV3:
      guard arguments.count == 7 || arguments.count == 8 else { throw wrongCount("_rebuild_tensor_v3", arguments) }
      try requirePlain(arguments.count == 8 ? arguments[7] : nil, nodes)
      guard case .global(.dtype(let dtype)) = nodes[Int(arguments[6])] else {
        throw .damaged("a tensor's type is \(nodes[Int(arguments[6])].kind)")
      }
      return try tensor(arguments, nodes, dtype: dtype)
    case .rebuildParameter:
      guard arguments.count == 3, case .tensor(let tensor) = nodes[Int(arguments[0])] else {
        throw .damaged("a parameter without a tensor")
      }
      return .tensor(tensor)
    case .storageClass(let dtype): throw .code("torch storage of \(dtype)", "it creates a storage of its own")
    case .dtype(let dtype): throw .damaged("calls the type \(dtype)")
    }
  }

  /// `('storage', class, key, location, count)`, in old files followed by `None` or `(key of the view, start, count)`.
  static func storage(_ id: PickleReference, _ nodes: [PickleNode]) throws(PickleProblem) -> PickleStorage {
    guard case .tuple(let parts) = nodes[Int(id)], let first = parts.first, case .string(let what) = nodes[Int(first)] else {
      throw .damaged("a persistent id that is \(nodes[Int(id)].kind)")
    }
    guard what == "storage" else {
      if what == "module" { throw .code("a module's source text", "it holds a whole module with its source text") }
      throw .damaged("a persistent id of the unknown kind '\(what.prefix(40))'")
    }
    guard parts.count == 5 || parts.count == 6, case .global(.storageClass(let dtype)) = nodes[Int(parts[1])],
      case .string(let key) = nodes[Int(parts[2])], case .int(let count) = nodes[Int(parts[4])]
    else { throw .damaged("a storage's persistent id with wrong parts") }
    guard count >= 0, !count.multipliedReportingOverflow(by: dtype.size).overflow else {
      throw .damaged("storage '\(key)' claims \(count) elements")
    }
    var storage = PickleStorage(key: key, dtype: dtype, total: count, count: count)
    guard parts.count == 6 else { return storage }
    switch nodes[Int(parts[5])] {
    case .none: return storage
    case .tuple(let view) where view.count == 3:
      guard case .int(let start) = nodes[Int(view[1])], case .int(let part) = nodes[Int(view[2])], start >= 0, part >= 0,
        start <= count, part <= count - start
      else { throw .damaged("a view that leaves storage '\(key)' of \(count) elements") }
      storage.start = start
      storage.count = part
      return storage
    default: throw .damaged("a view of storage '\(key)' with wrong parts")
    }
  }

  /// Storage, offset, sizes and strides come first in all versions.
  private static func tensor(
    _ arguments: [PickleReference], _ nodes: [PickleNode], dtype: DType?
  ) throws(PickleProblem) -> PickleNode {
    guard case .storage(let storage) = nodes[Int(arguments[0])] else {
      throw .damaged("a tensor's storage is \(nodes[Int(arguments[0])].kind)")
    }
    guard case .int(let offset) = nodes[Int(arguments[1])], offset >= 0 else { throw .damaged("a tensor's offset is no count") }
    let shape = try integers(arguments[2], nodes, "a tensor's shape"), strides = try integers(arguments[3], nodes, "a tensor's strides")
    let type = dtype ?? storage.dtype
    let place = "a tensor of shape \(shape.prefix(8)) in storage '\(storage.key.prefix(40))'"
    guard shape.count == strides.count, shape.count <= deepestTensor, shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 }) else {
      throw .damaged("\(place) has the strides \(strides.prefix(8))")
    }
    let (startBytes, bytes) = (storage.start * storage.dtype.size, storage.count * storage.dtype.size)
    guard startBytes.isMultiple(of: type.size) else { throw .damaged("\(place) does not begin at a whole \(type)") }
    let available = bytes / type.size
    guard let (count, end) = extent(shape, strides), offset <= available, end <= available - offset else {
      throw .damaged("\(place) reaches beyond its \(available) elements: strides \(strides.prefix(8)), offset \(offset)")
    }
    guard count <= max(available, largestExpansion) else {
      throw .tooLarge("\(place) repeats \(available) elements \(count) times")
    }
    return .tensor(
      PickleTensor(storage: storage, dtype: type, shape: shape, strides: strides, offset: startBytes / type.size + offset))
  }

  /// The number of elements, and one more than the largest position; `nil` where they overflow.
  private static func extent(_ shape: [Int], _ strides: [Int]) -> (count: Int, end: Int)? {
    if shape.contains(0) { return (0, 0) }
    var count = 1, end = 1
    for (size, stride) in zip(shape, strides) {
      let product = count.multipliedReportingOverflow(by: size), reach = (size - 1).multipliedReportingOverflow(by: stride)
      let sum = end.addingReportingOverflow(reach.partialValue)
      guard !product.overflow, !reach.overflow, !sum.overflow else { return nil }
      (count, end) = (product.partialValue, sum.partialValue)
    }
    return (count, end)
  }

  /// An OrderedDict is made empty, or, by Python 2, from a list of pairs.
  private static func orderedDictionary(_ arguments: [PickleReference], _ nodes: [PickleNode]) throws(PickleProblem) -> PickleNode {
    guard let first = arguments.first else { return .dictionary([], ordered: true) }
    guard arguments.count == 1, case .list(let list) = nodes[Int(first)] else { throw wrongCount("OrderedDict", arguments) }
    var entries: [PickleReference] = []
    for item in list {
      switch nodes[Int(item)] {
      case .list(let pair) where pair.count == 2, .tuple(let pair) where pair.count == 2: entries += pair
      default: throw .damaged("an OrderedDict made of something other than pairs")
      }
    }
    return .dictionary(entries, ordered: true)
  }

  private static func integers(_ place: PickleReference, _ nodes: [PickleNode], _ what: String) throws(PickleProblem) -> [Int] {
    let parts: [PickleReference]
    switch nodes[Int(place)] {
    case .size(let sizes): return sizes
    case .tuple(let list), .list(let list): parts = list
    default: throw .damaged("\(what) is \(nodes[Int(place)].kind)")
    }
    guard parts.count <= deepestTensor else { throw .tooLarge("\(what) holds \(parts.count) numbers") }
    var numbers: [Int] = []
    for part in parts {
      guard case .int(let number) = nodes[Int(part)] else { throw .damaged("\(what) holds \(nodes[Int(part)].kind)") }
      numbers.append(number)
    }
    return numbers
  }

  /// Conjugate and negative bits, which would change the values, come as metadata.
  private static func requirePlain(_ metadata: PickleReference?, _ nodes: [PickleNode]) throws(PickleProblem) {
    guard let metadata else { return }
    switch nodes[Int(metadata)] {
    case .none, .dictionary([], _): return
    default: throw .unsupported("a tensor with metadata (a conjugate or negative view)")
    }
  }

  private static func wrongCount(_ name: String, _ arguments: [PickleReference]) -> PickleProblem {
    .damaged("\(name) is called with \(arguments.count) values")
  }
}
