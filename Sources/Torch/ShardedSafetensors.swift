import Foundation
import MartletCore

/// Tensors spread over several safetensors files, with an index (`model.safetensors.index.json`) that says which file holds what.
public struct ShardedSafetensors: Sendable {
  public let path: String
  private let files: [String: SafetensorsFile]
  private let map: [String: String]

  private struct Index: Decodable {
    let weightMap: [String: String]
    private enum CodingKeys: String, CodingKey { case weightMap = "weight_map" }
  }

  /// Opens the index and all files that it names, which must lie beside it.
  /// - Throws: `FileError` for names that leave the folder, files that are missing, tensors that are not where the index says.
  public init(index path: String) throws {
    self.path = path
    guard let data = FileManager.default.contents(atPath: path) else {
      throw FileError(path: path, problem: "cannot be read", expected: "an index of safetensors files")
    }
    map = try JSON.decode(Index.self, from: data, source: path).weightMap
    let folder = (path as NSString).deletingLastPathComponent
    var files: [String: SafetensorsFile] = [:]
    for (tensor, name) in map.sorted(by: { $0.key < $1.key }) {
      if files[name] == nil {
        guard !name.isEmpty, !name.contains("/"), !name.contains("\\"), !name.contains("\0"), name != ".", name != ".." else {
          throw FileError(path: path, problem: "names the file '\(name)' for tensor '\(tensor)'", expected: "a file beside the index")
        }
        files[name] = try SafetensorsFile(path: (folder.isEmpty ? "." : folder) + "/" + name)
      }
      guard files[name]?.info(tensor) != nil else {
        throw FileError(path: path, problem: "says that '\(name)' holds tensor '\(tensor)', but it does not", remedy: "get the files again")
      }
    }
    self.files = files
  }

  /// All names, sorted.
  public var names: [String] { map.keys.sorted() }

  public func tensor(_ name: String) throws -> Tensor {
    guard let file = map[name].flatMap({ files[$0] }) else {
      throw FileError(path: path, problem: "holds no tensor '\(name)'", remedy: NearestName.of(name, among: map.keys).map { "'\($0)'" })
    }
    return try file.tensor(name)
  }

  /// All tensors, by sorted name.
  public func all() throws -> [(name: String, tensor: Tensor)] { try names.map { ($0, try tensor($0)) } }
}
