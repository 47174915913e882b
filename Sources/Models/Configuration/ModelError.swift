public import MartletCore

/// A model that cannot be built as it was asked for.
public struct ModelError: MartletError {
  public let problem: String
  public let expected: String?
  public let remedy: String?

  /// The three parts of the message.
  public init(_ problem: String, expected: String? = nil, remedy: String? = nil) {
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
  }
}

/// The height and width of images on their way through a network's stages.
struct ImageSize {
  let given: (height: Int, width: Int)
  private(set) var height: Int
  private(set) var width: Int

  init(height: Int, width: Int) {
    given = (height, width)
    self.height = height
    self.width = width
  }

  /// The size of a configuration's images.
  init(_ configuration: ModelConfiguration) { self.init(height: configuration.input[1], width: configuration.input[2]) }

  var area: Int { height * width }

  /// Loses `pixels` in each direction.
  mutating func shrink(_ stage: String, by pixels: Int) throws(ModelError) { try become(stage, height - pixels, width - pixels) }

  /// Divided by `factor`, rounded down.
  mutating func pool(_ stage: String, by factor: Int) throws(ModelError) { try become(stage, height / factor, width / factor) }

  private mutating func become(_ stage: String, _ newHeight: Int, _ newWidth: Int) throws(ModelError) {
    guard newHeight >= 1, newWidth >= 1 else {
      throw ModelError(
        "images of \(given.height)×\(given.width) are too small: nothing is left after \(stage), which gets \(height)×\(width)",
        remedy: "larger images, or fewer stages")
    }
    (height, width) = (newHeight, newWidth)
  }
}
