import Foundation
import Images
import MartletCore
import Project
import Testing

@testable import Commands
@testable import Martlet

/// A folder of a test's own with a project in it; it goes with the value.
final class TemporaryProject {
  let folder: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  var surroundings: Surroundings { Surroundings(registry: folder + "/.martlet", quiet: true) }

  /// Writes `martlet.yml` and reads it as the program would.
  func project(_ text: String, overrides: [String] = []) throws -> ProjectFile {
    try AtomicFile.write(Data(text.utf8), to: folder + "/martlet.yml")
    return try ProjectFile.load(folder + "/martlet.yml", overrides: overrides)
  }

  /// A folder of PNG files per class: bright squares at the class's own place on a noisy ground.
  func writePictures(classes: Int = 3, each: Int = 30, size: Int = 12, name: String = "photos") throws {
    for label in 0..<classes {
      let path = "\(folder)/\(name)/class-\(label)"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      for number in 0..<each {
        var random = KeyedRandom(seed: 1, purpose: "picture \(label)", index: UInt64(number))
        var samples = (0..<size * size).map { _ in UInt8(random.uniform() * 80) }
        for y in 0..<4 { for x in 0..<4 { samples[(y + 2) * size + x + label * 4] = UInt8(180 + random.uniform() * 70) } }
        try Image(width: size, height: size, mode: .grey, samples: .uint8(samples)).write(to: "\(path)/\(number).png")
      }
    }
  }

  static let small = """
    name: squares
    task: image-classification
    data:
      train: {folder: photos}
      test: 0.2
      validation: 0.2
      augment: [{shift: 0.05}]
    model:
      cnn: {widths: [4], hidden: 8, dropout: 0.1}
    training:
      epochs: 4
      batch: 8
      optimizer:
        adamw: {learning-rate: 0.003}
      seed: 3
      threads: 1
      workers: 1
    """
}
