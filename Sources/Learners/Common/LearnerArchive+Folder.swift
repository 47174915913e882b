import Foundation
import MartletCore
import Torch

extension LearnerArchive {
  private struct Header: Codable {
    var format: Int
    var kind: String
    var settings: JSONValue
    var arrays: [String]
    var parts: Int
  }

  private static let format = 1
  /// Deeper nesting than any learner makes; a file that says more is damaged or meant to harm.
  private static let deepest = 16

  /// Writes the archive: `settings.json`, `arrays.safetensors` if there are arrays, and a folder `parts/N` for each part.
  /// - Parameter folder: made if it is not there; files of an earlier archive in it are replaced.
  /// - Throws: `FileError` with the system's reason.
  public func write(to folder: String) throws {
    let manager = FileManager.default
    do {
      try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw FileError(path: folder, problem: "cannot be made: \(error.localizedDescription)")
    }
    let names = arrays.keys.sorted()
    let arraysPath = folder + "/arrays.safetensors", partsPath = folder + "/parts"
    for path in [arraysPath, partsPath] where manager.fileExists(atPath: path) { try manager.removeItem(atPath: path) }
    if !names.isEmpty {
      try Safetensors.write(names.compactMap { name in try arrays[name].map { (name, try Tensor($0)) } }, to: arraysPath)
    }
    for (place, part) in parts.enumerated() { try part.write(to: "\(partsPath)/\(place)") }
    let header = Header(format: Self.format, kind: kind, settings: settings, arrays: names, parts: parts.count)
    try AtomicFile.write(JSON.encode(header), to: folder + "/settings.json")
  }

  /// Reads what ``write(to:)`` wrote.
  /// - Throws: `FileError` naming the file that is missing or damaged.
  public init(folder: String) throws {
    try self.init(folder: folder, depth: 0)
  }

  private init(folder: String, depth: Int) throws {
    let path = folder + "/settings.json"
    guard depth < Self.deepest else {
      throw FileError(path: path, problem: "lies \(depth) parts deep", expected: "at most \(Self.deepest)")
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw FileError(path: path, problem: "cannot be read", expected: "a learner's settings")
    }
    let header = try JSON.decode(Header.self, from: data, source: path)
    guard header.format == Self.format else {
      throw FileError(path: path, problem: "is of format \(header.format)", expected: "\(Self.format)", remedy: "use a newer martlet")
    }
    var arrays: [String: HostArray] = [:]
    if !header.arrays.isEmpty {
      let file = try SafetensorsFile(path: folder + "/arrays.safetensors")
      guard file.names.sorted() == header.arrays else {
        throw FileError(
          path: file.path, problem: "holds the arrays \(file.names.sorted().joined(separator: ", "))",
          expected: header.arrays.joined(separator: ", "))
      }
      for name in header.arrays { arrays[name] = try file.tensor(name).hostArray() }
    }
    guard header.parts >= 0, header.parts <= 100_000 else {
      throw FileError(path: path, problem: "says that there are \(header.parts) parts")
    }
    let parts = try (0..<header.parts).map { try LearnerArchive(folder: "\(folder)/parts/\($0)", depth: depth + 1) }
    self.init(kind: header.kind, settings: header.settings, arrays: arrays, parts: parts)
  }
}
