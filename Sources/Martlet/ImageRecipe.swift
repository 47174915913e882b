public import Images

/// How a picture becomes the model's input: the `recipe.json` of an image classifier's bundle.
public struct ImageRecipe: Codable, Sendable, Hashable {
  /// Tells recipes of different kinds of data apart.
  public var kind = "image"
  /// Size, channels and normalisation.
  public var preparation: ImagePreparation

  public init(preparation: ImagePreparation) { self.preparation = preparation }
}

extension ImagePreparation {
  /// The same without shift and scale: pixels from 0 to 1, as a classifier's input has them.
  var plain: ImagePreparation {
    get throws { try ImagePreparation(mode: mode, width: width, height: height, fit: fit, filter: filter) }
  }
}
