public import MartletCore
import NN

/// A kind of network that a configuration can name.
public struct Architecture: Sendable {
  /// What one item of its input is.
  public enum Input: String, Sendable, CaseIterable, Codable {
    /// Numbers in a row, `[features]`; of any other shape they are flattened.
    case values
    /// An image, `[channels, height, width]`.
    case images
    /// Steps in time, `[steps, features]`.
    case sequences

    /// The shape in words.
    public var shape: String {
      switch self {
      case .values: "[features]"
      case .images: "[channels, height, width]"
      case .sequences: "[steps, features]"
      }
    }
  }

  /// What it gives for one item.
  public enum Output: String, Sendable, CaseIterable, Codable {
    /// One number per class (or per value to predict): `[classes]`.
    case classes
    /// One number per class and pixel: `[classes, height, width]`.
    case maps
    /// The input again: the number of classes is not used.
    case reconstruction
  }

  /// The name in the configuration: `resnet18`. Networks of torchvision have its names.
  public let name: String
  /// One sentence for lists.
  public let summary: String
  /// What can be chosen.
  public let settings: [Setting]
  /// What it takes.
  public let input: Input
  /// What it gives.
  public let output: Output
  /// The size of images that it was published for, `nil` where there is none.
  public let publishedSize: Int?
  /// Parameters at standard settings with 1000 classes on images of ``publishedSize``; `nil` where there is no such size.
  public let parameters: Int?
  let check: @Sendable (ModelConfiguration) throws -> Void
  let build: @Sendable (ModelConfiguration) throws -> any Layer

  init(
    _ name: String, _ summary: String, settings: [Setting] = [], input: Input = .images, output: Output = .classes, size: Int? = nil,
    parameters: Int? = nil, check: @escaping @Sendable (ModelConfiguration) throws -> Void = { _ in },
    build: @escaping @Sendable (ModelConfiguration) throws -> any Layer
  ) {
    self.name = name
    self.summary = summary
    self.settings = settings
    self.input = input
    self.output = output
    publishedSize = size
    self.parameters = parameters
    self.check = check
    self.build = build
  }

  /// It wants images, not rows of numbers.
  public var takesImages: Bool { input == .images }

  /// The least side of square images that it takes.
  /// - Parameter settings: what differs from the standard.
  /// - Returns: `nil` where it takes no images, or none up to 1024 pixels with these settings.
  public func leastSide(_ settings: [String: JSONValue] = [:]) -> Int? {
    guard takesImages else { return nil }
    return (1...1024).first { side in
      // What does not fit throws; that is the question here.
      (try? ModelConfiguration(architecture: name, input: [3, side, side], classes: 2, settings: settings).check()) != nil
    }
  }

  /// All architectures, the simplest first.
  public static let all: [Architecture] =
    simple + residual + vgg + mobile + efficientNets + dense + convNeXts + transformers + sequences + autoencoders

  /// The architecture of a name.
  /// - Throws: `ModelError` with the names that exist and the nearest one.
  public static func named(_ name: String) throws(ModelError) -> Architecture {
    if let found = all.first(where: { $0.name == name }) { return found }
    throw ModelError(
      "there is no architecture '\(name)'", expected: all.map(\.name).joined(separator: ", "),
      remedy: NearestName.of(name, among: all.map(\.name)).map { "'\($0)'" })
  }
}
