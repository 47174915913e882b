import Foundation
public import Images
import MartletCore

/// A data set of pictures that `scripts/fetch-data` brought: `try FetchedImages("fashion-mnist")`.
public struct FetchedImages: Sendable {
  /// The pictures to learn from; all of them where the data set has no test part of its own.
  public let training: any ImageDataset
  /// The pictures to judge by, or `nil`.
  public let test: (any ImageDataset)?

  /// Opens `data/NAME`: IDX files in MNIST's names, or folders of classes, with or without `train` and `test` above them.
  /// - Parameter classes: the classes' names in the order of their numbers; the data set's own if `nil`.
  /// - Throws: `ArgumentError` if it was not fetched, `ImageError` naming the file that is wrong.
  public init(_ name: String, classes: [String]? = nil) throws {
    guard let folder = SharedFiles.path("data/\(name)") else {
      let folders = SharedFiles.candidates("data").filter { FileManager.default.fileExists(atPath: $0) }
      let fetched = folders.flatMap { (try? FileManager.default.contentsOfDirectory(atPath: $0)) ?? [] }
      let near = NearestName.of(name, among: fetched).map { "'\($0)', or " } ?? ""
      throw ArgumentError(
        "the data set '\(name)' is not here", expected: fetched.isEmpty ? nil : "one of \(Set(fetched).sorted().joined(separator: ", "))",
        remedy:
          "\(near)scripts/fetch-data \(name) in Martlet's own folder; for a program outside it set MARTLET_SHARE to that folder's .deps/share"
      )
    }
    if let training = try Self.idx("train", in: folder, classes) {
      self.training = training
      test = try Self.idx("t10k", in: folder, classes)
    } else if FileManager.default.fileExists(atPath: folder + "/train"), FileManager.default.fileExists(atPath: folder + "/test") {
      let training = try FolderDataset(folder + "/train", classes: classes)
      self.training = training
      test = try FolderDataset(folder + "/test", classes: training.classes)
    } else {
      training = try FolderDataset(folder, classes: classes)
      test = nil
    }
  }

  private static func idx(_ part: String, in folder: String, _ classes: [String]?) throws -> (any ImageDataset)? {
    for ending in ["", ".gz"] {
      let images = "\(folder)/\(part)-images-idx3-ubyte\(ending)", labels = "\(folder)/\(part)-labels-idx1-ubyte\(ending)"
      guard FileManager.default.fileExists(atPath: images) else { continue }
      let words = try? String(contentsOfFile: folder + "/labels.txt", encoding: .utf8)
      return try IDXDataset(images: images, labels: labels, classes: classes ?? words?.split(separator: "\n").map(String.init))
    }
    return nil
  }
}
