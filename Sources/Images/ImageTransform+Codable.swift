import MartletCore

/// In a file a transform is a mapping with one key; its value is the short form or a mapping of its settings:
/// ```yaml
/// augment:
///   - crop: {padding: 4}        # or {size: 24}, {width: 24, height: 32, padding: 2, fill: 0}
///   - centerCrop: 224           # or [height, width], {width: …, height: …}
///   - flip: horizontal          # or vertical, {direction: horizontal, probability: 0.3}
///   - rotate: 10                # or {degrees: 10, fill: 0}
///   - shift: 0.1                # or {x: 0.1, y: 0.2, fill: 0}
///   - resize: 224               # or [height, width], {width: …, height: …, filter: area}
///   - colourJitter: {brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1}
///   - randAugment: 9            # or {magnitude: 9, count: 2}
///   - oneOf:
///       - blur: 2               # or {sigma: [0.1, 2], probability: 0.3}
///       - noise: {sigma: [0, 0.1]}
/// ```
/// `ImageTransform.catalogue` lists them all.
extension ImageTransform: Codable {
  public init(from decoder: any Decoder) throws {
    let container: KeyedDecodingContainer<TransformKey>
    do {
      container = try decoder.container(keyedBy: TransformKey.self)
    } catch is DecodingError {
      throw Self.failure(
        decoder, "a transform is a mapping with one key (\(Self.names.joined(separator: ", "))), such as {flip: horizontal}")
    }
    guard container.allKeys.count == 1, let key = container.allKeys.first else {
      let found = container.allKeys.map(\.stringValue).sorted().joined(separator: ", ")
      throw Self.failure(decoder, "one transform for each entry, found \(found.isEmpty ? "none" : found); begin a new entry with '-'")
    }
    self = try Self.read(key, container, decoder)
    do {
      try validate()
    } catch {
      throw DecodingError.dataCorruptedError(forKey: key, in: container, debugDescription: error.description)
    }
  }

  private static func read(
    _ key: TransformKey, _ container: KeyedDecodingContainer<TransformKey>, _ decoder: any Decoder
  ) throws -> ImageTransform {
    let settings = { (allowed: [String]) in try TransformSettings(key, container, allowed) }
    switch key.stringValue {
    case "crop":
      let values = try settings(["size", "width", "height", "padding", "fill"])
      let size = try values.size(required: false)
      return .randomCrop(
        width: size?.width, height: size?.height, padding: try values.value("padding", Int.self) ?? 0, fill: try values.fill())
    case "centerCrop":
      let size = try settings(["size", "width", "height"]).size(required: true)
      return .centerCrop(width: size?.width ?? 0, height: size?.height ?? 0)
    case "flip":
      let values = try settings(["direction", "probability"])
      let probability = try values.value("probability", Double.self) ?? 0.5
      switch try values.short(String.self, or: "direction") {
      case "horizontal": return .flipHorizontal(probability: probability)
      case "vertical": return .flipVertical(probability: probability)
      case let other:
        throw DecodingError.dataCorruptedError(
          forKey: key, in: container, debugDescription: "flip: '\(other)' is no direction; expected horizontal or vertical")
      }
    case "rotate":
      let values = try settings(["degrees", "fill"])
      return .rotate(degrees: try values.short(Double.self, or: "degrees"), fill: try values.fill())
    case "shift":
      let values = try settings(["x", "y", "fill"])
      if let both = values.single(Double.self) { return .shift(x: both, y: both) }
      return .shift(x: try values.value("x", Double.self) ?? 0, y: try values.value("y", Double.self) ?? 0, fill: try values.fill())
    case "resize":
      let values = try settings(["size", "width", "height", "filter"])
      let size = try values.size(required: true)
      return .resize(width: size?.width ?? 0, height: size?.height ?? 0, filter: try values.value("filter", ResizeFilter.self) ?? .bilinear)
    default:
      if let reader = configuredReaders.first(where: { $0.name == key.stringValue || $0.otherName == key.stringValue }) {
        return try reader.read(key, container)
      }
      let guess = NearestName.of(key.stringValue, among: names).map { "; did you mean '\($0)'?" } ?? ""
      throw DecodingError.dataCorruptedError(
        forKey: key, in: container,
        debugDescription: "unknown transform '\(key.stringValue)'; expected \(names.joined(separator: ", "))\(guess)")
    }
  }

  private static func failure(_ decoder: any Decoder, _ text: String) -> DecodingError {
    .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: text))
  }

  public func encode(to encoder: any Encoder) throws {
    var outer = encoder.container(keyedBy: TransformKey.self)
    var settings = outer.nestedContainer(keyedBy: TransformKey.self, forKey: TransformKey(name))
    switch self {
    case .randomCrop(let width, let height, let padding, let fill):
      try settings.encodeIfPresent(width, forKey: "width")
      try settings.encodeIfPresent(height, forKey: "height")
      try settings.encode(padding, forKey: "padding")
      try settings.encode(fill, forKey: "fill")
    case .centerCrop(let width, let height):
      try settings.encode(width, forKey: "width")
      try settings.encode(height, forKey: "height")
    case .flipHorizontal(let probability):
      try settings.encode("horizontal", forKey: "direction")
      try settings.encode(probability, forKey: "probability")
    case .flipVertical(let probability):
      try settings.encode("vertical", forKey: "direction")
      try settings.encode(probability, forKey: "probability")
    case .rotate(let degrees, let fill):
      try settings.encode(degrees, forKey: "degrees")
      try settings.encode(fill, forKey: "fill")
    case .shift(let x, let y, let fill):
      try settings.encode(x, forKey: "x")
      try settings.encode(y, forKey: "y")
      try settings.encode(fill, forKey: "fill")
    case .resize(let width, let height, let filter):
      try settings.encode(width, forKey: "width")
      try settings.encode(height, forKey: "height")
      try settings.encode(filter, forKey: "filter")
    default: try configured?.write(&settings)
    }
  }
}
