import Foundation
import Images
import MartletCore
import NN
import Testing
import Torch

@testable import Models

/// `Fixtures/lite.json`, written by `Tools/fixtures_models_lite.py`.
private struct LiteFixture: Decodable {
  struct Photo: Decodable {
    let top: [Int]
    let logits: [Double]
  }
  let names: [String]
  let photos: [String: Photo]
  let uniform: [Double]
}

/// EfficientNet-Lite0 with its published weights, which `scripts/setup` fetches.
@Suite(.serialized, .enabled(if: SharedFiles.path("data/efficientnet-lite0") != nil && SharedFiles.path("data/photos") != nil))
struct EfficientNetLiteTests {
  private func pretrained() throws -> EfficientNetLite {
    let model = try EfficientNetLite()
    let folder = try #require(SharedFiles.path("data/efficientnet-lite0"))
    let report = try model.loadPretrained(from: folder + "/efficientnet-lite0-57934424.pth")
    #expect(report.isComplete && report.loaded == 296, "\(report)")
    model.eval()
    return model
  }

  /// As the weights were trained: the short side 256 pixels, the middle 224×224, ImageNet's mean and deviation.
  private func photo(_ name: String) throws -> Tensor {
    let image = try Image.read(#require(SharedFiles.path("data/photos")) + "/" + name)
    let scale = 256 / Double(min(image.width, image.height))
    let small = try image.resized(
      width: Int((Double(image.width) * scale).rounded()), height: Int((Double(image.height) * scale).rounded()), filter: .bicubic)
    var random = KeyedRandom(seed: 0, purpose: "none")
    let middle = try ImageTransform.centerCrop(width: 224, height: 224).apply(to: small, random: &random)
    return try ImagePreparation(mode: .rgb, width: 224, height: 224, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])
      .tensor([middle])
  }

  @Test func photosGetTheirClasses() throws {
    let fixture = try Reference.read(LiteFixture.self, "lite.json"), model = try pretrained()
    #expect(try model.state().names == fixture.names)
    try Reference.expect(inferenceMode { try model(Reference.input([1, 3, 101, 96])) }, fixture.uniform, "uniform noise")
    let labels = try String(contentsOfFile: #require(SharedFiles.path("data/imagenet-classes/labels.txt")), encoding: .utf8)
      .split(separator: "\n")
    var first: [String: Substring] = [:]
    for (name, expected) in fixture.photos {
      let logits = try inferenceMode { try model(photo(name)).array(of: Double.self) }
      let top = logits.indices.sorted { logits[$0] > logits[$1] }
      #expect(Array(top.prefix(3)) == Array(expected.top.prefix(3)), "\(name)")
      for (index, value) in zip(expected.top, expected.logits) {
        // Rounding to whole pixel values differs by one here and there.
        #expect(abs(logits[index] - value) < 0.02, "\(name), class \(index): \(logits[index]), not \(value)")
      }
      first[name] = labels[top[0]]
      if name == "chelsea.png" { #expect(Array(top.prefix(3)) == [285, 281, 282]) }
    }
    #expect(first["chelsea.png"] == "Egyptian Mau" && first["coffee.png"] == "espresso" && first["rocket.jpg"] == "missile")
  }

  @Test func theBackboneFitsOtherClasses() throws {
    let model = try EfficientNetLite(classes: 5)
    let folder = try #require(SharedFiles.path("data/efficientnet-lite0"))
    let report = try model.loadPretrained(from: folder + "/efficientnet-lite0-57934424.pth")
    #expect(report.loaded == 294 && report.mismatched.map(\.name) == ["_fc.weight", "_fc.bias"])
    // Features of the pretrained backbone tell a cat from a cup.
    let features = try model.featureExtractor(at: "last", pooled: true)
    features.eval()
    #expect(try inferenceMode { try features(photo("coffee.png")) }.shape == [1, 1280])
  }
}
