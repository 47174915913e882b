import MartletCore

/// The format of torch.save before 1.6: five pickles (a magic number, the version, the system, the object, the storages' keys), then each
/// storage as a count of eight bytes and its elements.
enum PyTorchLegacy {
  // 0x1950a86a20f9469cfc6c, little-endian.
  private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

  static func read(_ file: MappedFile) throws(PickleProblem) -> PyTorchValue {
    let bytes = UnsafeRawBufferPointer(file.bytes)
    var position = try start(bytes)
    func next() throws(PickleProblem) -> (nodes: [PickleNode], root: PickleReference) {
      var machine = PickleMachine(bytes, from: position)
      let root = try machine.run()
      position = machine.position
      return (machine.nodes, root)
    }
    let version = try next()
    guard case .int(1001) = version.nodes[Int(version.root)] else { throw .unsupported("a version of the format other than 1001") }
    try checkSystem(next())
    let object = try next()
    let ranges = try storages(keys(next()), object.nodes, bytes, position)
    var made: [String: PyTorchStorage] = [:]
    var maker = PyTorchTreeMaker(nodes: object.nodes) { (storage) throws(PickleProblem) in
      guard let range = ranges[storage.key], range.count == storage.total * storage.dtype.size else {
        throw .damaged("storage '\(storage.key)' is missing or of another size")
      }
      if let known = made[storage.key] { return known }
      let new = PyTorchStorage(key: storage.key, file: file, range: range, checksum: nil)
      made[storage.key] = new
      return new
    }
    return try maker.value(object.root)
  }

  /// - Returns: the byte after the magic number.
  private static func start(_ bytes: UnsafeRawBufferPointer) throws(PickleProblem) -> Int {
    // Older still, before 0.1.10: a tar archive with the tensors' descriptions.
    if bytes.count > 262, bytes[257..<262].elementsEqual("ustar".utf8) { throw .unsupported("is a tar archive of PyTorch 0.1") }
    var machine = PickleMachine(bytes)
    let root: PickleReference
    do throws(PickleProblem) {
      root = try machine.run()
    } catch {
      // A bare pickle that would run something is named; anything else that is no pickle is simply another kind of file.
      if case .code = error.kind { throw error }
      if bytes.first == 0x80 { throw error }
      throw PickleProblem(.damaged, "is no PyTorch file", expected: "what torch.save writes: a zip archive, or pickles with a magic number")
    }
    guard case .large(magic) = machine.nodes[Int(root)] else {
      throw PickleProblem(
        .unsupported, "is a pickle, but torch.save did not write it", expected: "a zip archive, or pickles with a magic number",
        remedy: PyTorchFileError.saveTensorsAlone)
    }
    return machine.position
  }

  private static func checkSystem(_ pickle: (nodes: [PickleNode], root: PickleReference)) throws(PickleProblem) {
    guard case .dictionary(let entries, _) = pickle.nodes[Int(pickle.root)] else {
      throw .damaged("says nothing of the system that wrote it")
    }
    for index in stride(from: 0, to: entries.count, by: 2) {
      guard case .string("little_endian") = pickle.nodes[Int(entries[index])] else { continue }
      if case .bool(true) = pickle.nodes[Int(entries[index + 1])] { return }
      throw PickleProblem(.unsupported, "was saved on a big-endian machine", expected: "little-endian numbers")
    }
  }

  private static func keys(_ pickle: (nodes: [PickleNode], root: PickleReference)) throws(PickleProblem) -> [String] {
    guard case .list(let items) = pickle.nodes[Int(pickle.root)] else { throw .damaged("has no list of storages") }
    var keys: [String] = []
    for item in items {
      guard case .string(let key) = pickle.nodes[Int(item)] else { throw .damaged("a storage's key is \(pickle.nodes[Int(item)].kind)") }
      keys.append(key)
    }
    return keys
  }

  /// Where each storage's elements lie. Counts are in elements, so only the object says how many bytes they are.
  private static func storages(
    _ keys: [String], _ nodes: [PickleNode], _ bytes: UnsafeRawBufferPointer, _ start: Int
  ) throws(PickleProblem) -> [String: Range<Int>] {
    var described: [String: PickleStorage] = [:]
    for case .storage(let storage) in nodes {
      if let other = described[storage.key], other.dtype != storage.dtype || other.total != storage.total {
        throw .damaged("storage '\(storage.key)' is described in two ways")
      }
      described[storage.key] = storage
    }
    var ranges: [String: Range<Int>] = [:]
    var position = start
    for key in keys {
      guard let storage = described[key] else { throw .damaged("storage '\(key)' belongs to no tensor") }
      guard bytes.count - position >= 8 else { throw .damaged("is cut off before storage '\(key)'") }
      let count = bytes.loadUnaligned(fromByteOffset: position, as: Int64.self).littleEndian
      position += 8
      let size = storage.total * storage.dtype.size
      guard count == storage.total else { throw .damaged("storage '\(key)' has \(count) elements, not \(storage.total)") }
      guard size <= bytes.count - position else { throw .damaged("is cut off in storage '\(key)'") }
      guard ranges.updateValue(position..<position + size, forKey: key) == nil else { throw .damaged("holds storage '\(key)' twice") }
      position += size
    }
    guard position == bytes.count else { throw .damaged("\(bytes.count - position) bytes at the end belong to no storage") }
    return ranges
  }
}
