import Foundation
import MartletCore

/// What the rows and the answers of a job follow from. A job goes on only where all of it is as it was.
public struct JobIdentity: Codable, Sendable, Hashable {
  /// A file, or many small ones together.
  public struct Input: Codable, Sendable, Hashable {
    public var path: String
    public var bytes: Int
    public var sha256: String

    /// Reads a file from its first byte to its last.
    init(reading path: String) throws {
      let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? NSNumber
      self.init(path: path, bytes: size?.intValue ?? 0, sha256: try Digest.sha256(file: path))
    }

    init(path: String, bytes: Int, sha256: String) {
      self.path = path
      self.bytes = bytes
      self.sha256 = sha256
    }
  }

  public var format = 1
  /// In the order in which they are read.
  public var inputs: [Input]
  /// The version that answers, such as `churn@3`.
  public var model: String
  /// The version's own digest.
  public var modelDigest: String
  /// Options by name, as the user spells them.
  public var options: [String: String]

  /// - Parameters:
  ///   - files: every file in the order in which it is read; each is read once from its first byte to its last.
  ///   - together: many files count as one input, so that a folder of pictures does not become a list of a million lines.
  /// - Throws: `FileError` if one cannot be read, `CancellationError`.
  public init(files: [String], together: Bool = false, model: String, modelDigest: String, options: [String: String]) throws {
    self.model = model
    self.modelDigest = modelDigest
    self.options = options
    var inputs: [Input] = []
    for path in files {
      try Task.checkCancellation()
      inputs.append(try Input(reading: path))
    }
    guard together else {
      self.inputs = inputs
      return
    }
    var digest = RunningDigest()
    for input in inputs { digest.add(Data("\(input.path)\n\(input.bytes)\n\(input.sha256)\n".utf8)) }
    self.inputs = [Input(path: "\(inputs.count) files", bytes: inputs.map(\.bytes).reduce(0, +), sha256: digest.finish())]
  }

  /// Holds a job against the one that its folder was begun with.
  /// - Throws: `JobError` that names the first difference.
  func check(against begun: JobIdentity, in folder: String) throws(JobError) {
    let anew = "give what the job was begun with, or begin anew with another --checkpoint than \(folder)"
    guard format == begun.format else {
      throw JobError(.damaged, "the job in \(folder) is of format \(begun.format)", expected: "\(format)", remedy: anew)
    }
    guard modelDigest == begun.modelDigest, model == begun.model else {
      throw JobError(
        .modelChanged,
        "the job in \(folder) was begun with \(begun.model) (\(begun.modelDigest.prefix(12))), this is \(model) (\(modelDigest.prefix(12)))",
        expected: begun.model, remedy: "give \(begun.model) instead of an alias that moved, or begin anew with another --checkpoint")
    }
    for name in Set(options.keys).union(begun.options.keys).sorted() where options[name] != begun.options[name] {
      throw JobError(
        .optionsChanged,
        "the job in \(folder) was begun with \(name) \(begun.options[name] ?? "not given"), now it is \(options[name] ?? "not given")",
        expected: begun.options[name], remedy: anew)
    }
    guard inputs.map(\.path) == begun.inputs.map(\.path) else {
      throw JobError(
        .inputChanged, "the job in \(folder) reads other files than \(inputs.map(\.path).joined(separator: ", "))",
        expected: begun.inputs.map(\.path).joined(separator: ", "), remedy: anew)
    }
    for (now, then) in zip(inputs, begun.inputs) where now != then {
      throw JobError(
        .inputChanged, "\(now.path) has changed since the job in \(folder) was begun: \(then.bytes) bytes then, \(now.bytes) now",
        expected: "SHA-256 \(then.sha256)", remedy: anew)
    }
  }
}
