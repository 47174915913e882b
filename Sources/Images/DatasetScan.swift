import Foundation

/// A picture of a data set that cannot be used.
public struct PictureProblem: Sendable, Hashable {
  /// Its position in the data set.
  public let index: Int
  /// What the data set calls it: its file, or its number in a file.
  public let name: String
  /// What is wrong with it.
  public let error: ImageError
}

extension ImageDataset {
  /// Decodes pictures to find all damaged ones, not only the first.
  ///
  /// Pictures are decoded as small as their format allows, which reads all of the file.
  /// - Parameters:
  ///   - workers: pictures decoded at the same time; as many as there are cores if `nil`.
  ///   - step: 1 looks at every picture, 10 at every tenth.
  /// - Returns: the problems in the data set's order; none if all pictures are sound.
  /// - Throws: `CancellationError` if the task is cancelled.
  public func scan(workers: Int? = nil, step: Int = 1) async throws -> [PictureProblem] {
    // Pictures in one block are samples already.
    guard block == nil else { return [] }
    let workers = max(1, workers ?? ProcessInfo.processInfo.activeProcessorCount), step = max(1, step)
    return try await withThrowingTaskGroup(of: [PictureProblem].self) { group in
      for worker in 0..<workers {
        group.addTask {
          var problems: [PictureProblem] = []
          for index in stride(from: worker * step, to: count, by: workers * step) {
            try Task.checkCancellation()
            do throws(ImageError) {
              _ = try image(index, covering: (1, 1))
            } catch {
              problems.append(PictureProblem(index: index, name: name(index), error: error))
            }
          }
          return problems
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }.sorted { $0.index < $1.index }
    }
  }
}

extension FolderDataset {
  /// Looks at a folder of class folders without making a data set of it: everything that is no picture or a damaged one, where `init`
  /// names the first only.
  /// - Returns: the problems in the order of the names.
  /// - Throws: `ImageError` if the folder itself cannot be read; `CancellationError` if the task is cancelled.
  public static func scan(_ path: String, limits: ImageLimits = .default, workers: Int? = nil) async throws -> [PictureProblem] {
    var files: [String] = []
    for name in try list(path) where isFolder(path + "/" + name) {
      files += try list(path + "/" + name).map { name + "/" + $0 }
    }
    return try await Files(folder: path, files: files, limits: limits).scan(workers: workers)
  }

  /// Files of which nothing is known yet.
  private struct Files: ImageDataset {
    let folder: String
    let files: [String]
    let limits: ImageLimits
    let classes: [String] = []
    var labels: [Int] { [] }
    var count: Int { files.count }

    func name(_ index: Int) -> String { folder + "/" + files[index] }

    func image(_ index: Int, covering size: (width: Int, height: Int)?) throws(ImageError) -> Image {
      try Image.read(name(index), covering: size, limits: limits)
    }

    func digest() throws(ImageError) -> String { DatasetDigest().finish(classes: []) }
  }
}
