import MartletCore
import NN
import Torch

@testable import Models

/// A small network and input for every architecture: wide enough to work, narrow enough to be quick.
enum Samples {
  static let classes = 7

  static func configuration(_ name: String) throws -> ModelConfiguration {
    let kind = try Architecture.named(name)
    let known = Set(kind.settings.map(\.name))
    var settings: [String: JSONValue] = [:]
    if known.contains("width") { settings["width"] = name.hasPrefix("vit") ? 0.125 : 0.0625 }
    if known.contains("patch") { settings["patch"] = name.hasPrefix("vit") ? 8 : 1 }
    if name == "unet" { settings["widths"] = [8, 16, 24] }
    let input =
      switch kind.input {
      case .values: [4, 4]
      case .sequences: [9, 3]
      case .images: name.hasPrefix("vgg") ? [1, 32, 32] : name.hasPrefix("squeezenet") ? [1, 24, 24] : [1, 16, 16]
      }
    return ModelConfiguration(architecture: name, input: input, classes: classes, settings: settings)
  }

  static func network(_ name: String, seed: UInt64 = 4) throws -> any Layer { try configuration(name).build(seed: seed) }

  static func input(_ name: String, batch: Int = 2) throws -> Tensor {
    let shape = try [batch] + configuration(name).input
    var random = KeyedRandom(seed: 1, purpose: "images")
    return try Tensor((0..<shape.reduce(1, *)).map { _ in Float(random.uniform()) }, shape: shape)
  }
}
