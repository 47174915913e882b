public import MartletCore
public import NN
import Torch

/// Everything that is needed to build a network again: what a bundle keeps as `config.json`.
///
/// ```json
/// {"architecture": "cnn", "input": [1, 28, 28], "classes": 10, "settings": {"widths": [32, 64], "dropout": 0.25}}
/// ```
public struct ModelConfiguration: Codable, Sendable, Hashable {
  /// One of `Architecture.all`.
  public var architecture: String
  /// One item's shape: `[channels, height, width]` of images, `[features]` of rows.
  public var input: [Int]
  /// Values that come out per item.
  public var classes: Int
  /// What the architecture lets one choose; its standard where nothing is said.
  public var settings: [String: JSONValue]

  /// A configuration; `build` checks it.
  public init(architecture: String, input: [Int], classes: Int, settings: [String: JSONValue] = [:]) {
    self.architecture = architecture
    self.input = input
    self.classes = classes
    self.settings = settings
  }

  private enum CodingKeys: String, CodingKey { case architecture, input, classes, settings }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    architecture = try container.decode(String.self, forKey: .architecture)
    input = try container.decode([Int].self, forKey: .input)
    classes = try container.decode(Int.self, forKey: .classes)
    settings = try container.decodeIfPresent([String: JSONValue].self, forKey: .settings) ?? [:]
  }

  /// Builds the network.
  /// - Parameter seed: decides the first weights and leaves libtorch's generator as it was; `nil` draws them from it.
  /// - Throws: `ModelError` naming what is wrong, see ``check()``.
  public func build(seed: UInt64? = nil) throws -> any Layer {
    let kind = try checked()
    let make = {
      let model = try kind.build(self)
      for parameter in model.parameters() { _ = try parameter.value }
      return model
    }
    guard let seed else { return try make() }
    return try RandomState.with(seed: seed, make)
  }

  /// Checks everything that can be known before the network is built.
  /// - Throws: `ModelError` naming what is wrong: an unknown architecture or setting, a value out of range, an image that is too small for
  ///   a stage or does not divide into patches.
  public func check() throws { _ = try checked() }

  private func checked() throws -> Architecture {
    let kind = try Architecture.named(architecture)
    guard (1...1_000_000).contains(classes) else { throw ModelError("'\(architecture)' with \(classes) classes", expected: "1…1000000") }
    guard !input.isEmpty, input.allSatisfy({ (1...1_000_000).contains($0) }) else {
      throw ModelError("'\(architecture)' with input \(input)", expected: "sizes of 1 or more")
    }
    let dimensions: Int? =
      switch kind.input {
      case .values: nil
      case .images: 3
      case .sequences: 2
      }
    if let dimensions, input.count != dimensions {
      throw ModelError("'\(architecture)' with input \(input)", expected: kind.input.shape)
    }
    let known = kind.settings.map(\.name)
    for name in settings.keys.sorted() {
      guard let setting = kind.settings.first(where: { $0.name == name }) else {
        throw ModelError(
          "'\(architecture)' has no setting '\(name)'", expected: known.isEmpty ? "none" : known.joined(separator: ", "),
          remedy: NearestName.of(name, among: known).map { "'\($0)'" })
      }
      if let value = settings[name], !setting.values.contains(value) { throw wrong(name, value, setting.values.description) }
    }
    try kind.check(self)
    return kind
  }
}

extension ModelConfiguration {
  // Values of settings that were checked; a name or type that the architecture's list lacks is an error all the same.

  func size(_ name: String) throws(ModelError) -> Int {
    let value = try value(name)
    guard let size = value.intValue else { throw wrong(name, value, "a whole number") }
    return size
  }

  func sizes(_ name: String) throws(ModelError) -> [Int] {
    let value = try value(name)
    guard let sizes = value.arrayValue?.compactMap(\.intValue) else { throw wrong(name, value, "a list of whole numbers") }
    return sizes
  }

  func number(_ name: String) throws(ModelError) -> Double {
    let value = try value(name)
    guard let number = value.doubleValue else { throw wrong(name, value, "a number") }
    return number
  }

  func word(_ name: String) throws(ModelError) -> String {
    let value = try value(name)
    guard let word = value.stringValue else { throw wrong(name, value, "a word") }
    return word
  }

  func flag(_ name: String) throws(ModelError) -> Bool {
    let value = try value(name)
    guard let flag = value.boolValue else { throw wrong(name, value, "true or false") }
    return flag
  }

  /// The setting 'stem', where 'auto' goes by the size of the images.
  func stem() throws(ModelError) -> Stem { Stem(rawValue: try word("stem")) ?? Stem.fitting(height: input[1], width: input[2]) }

  private func value(_ name: String) throws(ModelError) -> JSONValue {
    if let value = settings[name] { return value }
    return try Architecture.named(architecture).settings.first { $0.name == name }?.standard ?? .null
  }

  private func wrong(_ name: String, _ value: JSONValue, _ expected: String) -> ModelError {
    let text = (try? JSON.encode(value, pretty: false)).map { String(decoding: $0, as: UTF8.self) } ?? "\(value)"
    return ModelError("the setting '\(name)' of '\(architecture)' is \(text)", expected: expected)
  }
}
