import Evaluation
import Foundation
import MartletCore
import Selection
import Tables

/// What cross-validation has found out so far, kept in the run's folder candidate by candidate, so that a run that goes on learns only what
/// is still missing.
struct FinishedCandidates: Sendable {
  private struct Entry: Codable {
    /// The rows and folds that it was found out on.
    var data: String
    var result: CandidateResult
  }

  private let folder: String
  private let data: String

  /// - Parameters:
  ///   - training: the rows; what was found out on others does not count.
  ///   - splits: how they are divided.
  init(in run: RunFolder, training: Table, splits: [FoldSplit]) throws {
    folder = run.path + "/candidates"
    var digest = try training.rowHashes().withUnsafeBytes { Data($0) }
    for split in splits { for row in split.test + [-1] { withUnsafeBytes(of: Int64(row).littleEndian) { digest.append(contentsOf: $0) } } }
    data = Digest.sha256(digest)
  }

  private func path(_ place: Int) -> String { "\(folder)/\(place + 1).json" }

  /// What is known about a candidate; `nil` where it has yet to learn.
  /// - Throws: `ArgumentError` if the rows have changed since; `FileError` if the file is damaged.
  func result(_ place: Int, named name: String) throws -> CandidateResult? {
    guard let bytes = FileManager.default.contents(atPath: path(place)) else { return nil }
    let entry = try JSON.decode(Entry.self, from: bytes, source: path(place))
    guard entry.data == data, entry.result.name == name else {
      throw ArgumentError(
        "the rows have changed since the run was started", expected: "the same rows, so that models are compared on the same folds",
        remedy: "martlet run, without --resume")
    }
    return entry.result
  }

  /// Keeps what was found out.
  /// - Throws: `FileError` if it cannot be written.
  func keep(_ result: CandidateResult, _ place: Int) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try AtomicFile.write(JSON.encode(Entry(data: data, result: result), pretty: false), to: path(place))
  }
}
