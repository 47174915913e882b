public import MartletCore
import NN

/// A kind of network that a configuration can name.
public struct Architecture: Sendable {
  /// One of its settings.
  public struct Setting: Sendable, Hashable {
    /// The name in the configuration.
    public let name: String
    /// What is taken when it is left out.
    public let standard: JSONValue
    /// What it means, for a person.
    public let meaning: String
  }

  /// The name in the configuration: `cnn`.
  public let name: String
  /// One sentence for lists.
  public let summary: String
  /// What can be chosen.
  public let settings: [Setting]
  /// It wants images, not rows of numbers.
  public let takesImages: Bool
  let build: @Sendable (ModelConfiguration) throws -> any Layer

  /// All architectures, the simplest first.
  public static let all: [Architecture] = [mlp, leNet, cnn, resNet18, resNet34]

  /// The architecture of a name.
  /// - Throws: `ModelError` with the names that exist and the nearest one.
  public static func named(_ name: String) throws(ModelError) -> Architecture {
    if let found = all.first(where: { $0.name == name }) { return found }
    throw ModelError(
      "there is no architecture '\(name)'", expected: all.map(\.name).joined(separator: ", "),
      remedy: NearestName.of(name, among: all.map(\.name)).map { "'\($0)'" })
  }

  private static let mlp = Architecture(
    name: "mlp", summary: "Linear layers with ReLU between them.",
    settings: [
      Setting(name: "hidden", standard: [128], meaning: "sizes of the hidden layers"),
      Setting(name: "dropout", standard: 0.0, meaning: "probability of a zero behind each hidden layer"),
    ], takesImages: false
  ) { configuration in
    MLP(
      configuration.input.reduce(1, *), hidden: try configuration.sizes("hidden", allowsNone: true), outputs: configuration.classes,
      dropout: try configuration.probability("dropout"))
  }

  private static let leNet = Architecture(
    name: "lenet", summary: "LeNet-5: two convolutions and three linear layers.", settings: [], takesImages: true
  ) { configuration in
    try LeNet(
      channels: configuration.input[0], height: configuration.input[1], width: configuration.input[2], classes: configuration.classes)
  }

  private static let cnn = Architecture(
    name: "cnn", summary: "Blocks of convolution, batch norm and max-pooling, then a hidden layer with dropout.",
    settings: [
      Setting(name: "widths", standard: [32, 64], meaning: "channels of each block; every block halves the image"),
      Setting(name: "hidden", standard: 128, meaning: "size of the layer before the last"),
      Setting(name: "dropout", standard: 0.25, meaning: "probability of a zero before the last layer"),
    ], takesImages: true
  ) { configuration in
    try ConvNet(
      channels: configuration.input[0], height: configuration.input[1], width: configuration.input[2], classes: configuration.classes,
      widths: configuration.sizes("widths"), hidden: configuration.size("hidden"), dropout: configuration.probability("dropout"))
  }

  private static let resNet18 = resNet("resnet18", blocks: [2, 2, 2, 2])
  private static let resNet34 = resNet("resnet34", blocks: [3, 4, 6, 3])

  private static func resNet(_ name: String, blocks: [Int]) -> Architecture {
    Architecture(
      name: name, summary: "A residual network of \(blocks.reduce(0, +)) basic blocks, with torchvision's parameter names.",
      settings: [
        Setting(
          name: "stem", standard: "small", meaning: "'small' keeps the size (images of about 32×32), 'large' takes a quarter (photos)")
      ], takesImages: true
    ) { configuration in
      let stem: ResNet.Stem = try configuration.choice("stem")
      var size = ImageSize(height: configuration.input[1] + 1, width: configuration.input[2] + 1)
      if stem == .large { try size.pool("the stem", by: 4) }
      return try ResNet(blocks: blocks, channels: configuration.input[0], classes: configuration.classes, stem: stem)
    }
  }
}
