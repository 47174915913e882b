import Foundation
import Images
import MartletCore
import Project
import Testing

@testable import Martlet

/// The project file's schema and what it speaks of, which it cannot ask.
@Suite struct GeneratedSchemaTests {
  @Test func writingTheArchitecturesAgainChangesNothing() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let written = try String(contentsOf: root.appendingPathComponent("Sources/Project/generated/Architectures.swift"), encoding: .utf8)
    #expect(ArchitectureSchema.text(of: ArchitectureSchema.classifiers) == written, "make generate")
  }

  @Test func writingTheLearnersAgainChangesNothing() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let written = try String(contentsOf: root.appendingPathComponent("Sources/Project/generated/Learners.swift"), encoding: .utf8)
    #expect(LearnerSchema.text == written, "make generate")
  }

  /// Every augmentation of the schema, as short as it can be said, is one that `Images` understands.
  @Test(arguments: [
    "crop", "flip", "{flip: vertical}", "rotate", "shift", "{resized-crop: {scale: [0.5, 1], ratio: [0.8, 1.2]}}",
    "{affine: {degrees: 10, shift-x: 0.1, scale: [0.9, 1.1], shear-y: [-5, 5]}}", "perspective", "{elastic: {alpha: 30}}",
    "{colour-jitter: {brightness: 0.3, hue: 0.05}}", "grey", "invert", "{solarise: 100}", "{posterise: 3}", "equalise", "autocontrast",
    "sharpness", "channel-shuffle", "{blur: [0.5, 1]}", "{noise: 0.1}", "salt-and-pepper", "{jpeg: {quality: [40, 80]}}", "erase",
    "{cut-out: {size: 0.2, count: 2}}", "grid-mask", "{auto-augment: cifar10}", "{rand-augment: {magnitude: 5, count: 1}}",
    "trivial-augment", "aug-mix",
  ])
  func augmentationsAreUnderstood(_ entry: String) throws {
    let data = try ProjectFile.parse("name: a\ntask: image-classification\ndata: {dataset: x, augment: [\(entry)]}\n").data
    let transform = try ImageParts.transform(try #require(data.augment.first))
    let image = try Image(width: 8, height: 6, mode: .rgb, samples: .uint8((0..<144).map { UInt8($0) }))
    let changed = try Augmentation([transform]).apply(to: image, seed: 1, epoch: 0, item: 0)
    #expect(changed.width > 0 && changed.height > 0)
  }
}
