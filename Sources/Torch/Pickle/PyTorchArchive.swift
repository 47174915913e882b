import MartletCore

/// The zip format of torch.save: `NAME/data.pkl` describes, `NAME/data/0`, `NAME/data/1` … hold the storages.
enum PyTorchArchive {
  static func read(_ file: MappedFile) throws(PickleProblem) -> PyTorchValue {
    let zip = try ZipDirectory(UnsafeRawBufferPointer(file.bytes))
    let descriptions = zip.entries.keys.filter { $0.hasSuffix("/data.pkl") && $0.utf8.count { $0 == UInt8(ascii: "/") } == 1 }
    guard descriptions.count == 1, let name = descriptions.first else {
      throw PickleProblem(.unsupported, "is a zip archive without one 'data.pkl'", expected: "a file that torch.save wrote")
    }
    let folder = String(name.dropLast("data.pkl".count))
    if zip.entries[folder + "constants.pkl"] != nil {
      throw PickleProblem(
        .code("TorchScript"), "holds a TorchScript program; nothing was run", expected: "a file of tensors",
        remedy: PyTorchFileError.saveTensorsAlone)
    }
    guard let entry = try zip.stored(name) else { throw .damaged("'\(name)' is missing") }
    if let order = try zip.stored(folder + "byteorder") {
      try check(order, zip)
      guard zip.data(order).elementsEqual("little".utf8) else {
        throw PickleProblem(
          .unsupported, "was saved with the byte order '\(String(decoding: zip.data(order).prefix(20), as: UTF8.self))'",
          expected: "little-endian numbers")
      }
    }
    try check(entry, zip)
    let data = zip.data(entry)
    var machine = PickleMachine(data)
    let root = try machine.run()
    guard machine.position == data.count else { throw .damaged("\(data.count - machine.position) bytes follow the description's end") }
    var storages: [String: PyTorchStorage] = [:]
    var maker = PyTorchTreeMaker(nodes: machine.nodes) { (storage) throws(PickleProblem) in
      guard let entry = try zip.stored("\(folder)data/\(storage.key)") else { throw .damaged("storage '\(storage.key)' is missing") }
      let size = storage.total * storage.dtype.size
      guard entry.range.count == size else {
        throw .damaged("storage '\(storage.key)' has \(entry.range.count) bytes, not \(size) for \(storage.total) \(storage.dtype)")
      }
      if let known = storages[storage.key] { return known }
      let new = PyTorchStorage(key: storage.key, file: file, range: entry.range, checksum: entry.checksum)
      storages[storage.key] = new
      return new
    }
    return try maker.value(root)
  }

  private static func check(_ entry: ZipDirectory.Entry, _ zip: ZipDirectory) throws(PickleProblem) {
    if let checksum = entry.checksum, CyclicRedundancy.of(zip.data(entry)) != checksum {
      throw .damaged("'\(entry.name)' does not have its checksum")
    }
  }
}
