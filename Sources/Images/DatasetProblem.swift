import Foundation
import MartletCore

/// What the readers of folders and lists have in common.
enum DatasetProblem {
  static func oneClass(_ source: String, _ name: String) -> ImageError {
    ImageError(
      .invalidDataset, source: source, problem: "has one class only ('\(name)')", expected: "two classes or more",
      remedy: "add pictures of another class: a classifier has nothing to tell apart otherwise")
  }

  /// Looks at a file's first bytes, so that a file that cannot be a picture is found now and not in mid-training.
  static func checkSignature(_ path: String) throws(ImageError) {
    try ByteSignature(FileBytes.read(path, limit: .max, upTo: 512)).requireDecodable(source: path)
  }

  static func fileDigest(_ path: String) throws(ImageError) -> String {
    do {
      return try Digest.sha256(file: path)
    } catch {
      throw ImageError(.unreadable, source: path, problem: String(error.problem.dropFirst(path.count + 2)))
    }
  }
}

enum Bytes {
  static func sha256(_ bytes: [UInt8]) -> String { Digest.sha256(Data(bytes)) }
}
