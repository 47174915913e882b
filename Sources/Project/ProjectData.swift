/// The pictures and their classes. Exactly one of `dataset` and `train` is there.
public struct ProjectData: Codable, Sendable, Hashable {
  /// A fetched data set, such as `fashion-mnist`, found at `SharedFiles.path("data/NAME")`.
  public var dataset: String?
  /// The pictures to learn from.
  public var train: ImageSource?
  /// The pictures to judge by; `nil` for a data set's own test part.
  public var test: Holdout?
  /// The part that is watched during training; a share of 0 is none.
  public var validation: Holdout
  /// Height and width of the network's input.
  public var size: ImageSize
  /// 1 or 3; `nil` takes the first picture's.
  public var channels: AutoInt
  /// Shift and scale of the pixels.
  public var normalize: Normalization
  /// The classes' names in the order of their numbers; `nil` takes the source's.
  public var labels: [String]?
  /// Random changes of the training pictures, in order.
  public var augment: [NamedChoice]
  /// The most training pictures to use.
  public var limit: Int?

  /// What `test` comes to: pictures of its own, a share of `train`, or `nil` for the data set's own part.
  public var testPart: Holdout? { dataset == nil ? test ?? .share(0.2) : nil }
}

/// Where pictures come from. Paths are as the file has them, relative to its folder.
public enum ImageSource: Codable, Sendable, Hashable {
  /// Two IDX files.
  case idx(images: String, labels: String)
  /// A folder with a folder for each class.
  case folder(path: String)
  /// A CSV file with a column of paths and one of classes.
  case csv(path: String, image: String, label: String)
}

/// A part of the data that is kept from training.
public enum Holdout: Codable, Sendable, Hashable {
  /// A share of the training part, stratified by class and seeded.
  case share(Double)
  /// Pictures of its own.
  case source(ImageSource)

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let share = try? container.decode(Double.self) {
      self = .share(share)
    } else {
      self = .source(try container.decode(ImageSource.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .share(let share): try container.encode(share)
    case .source(let source): try container.encode(source)
    }
  }
}

/// A whole number, or `auto`.
public enum AutoInt: Codable, Sendable, Hashable {
  case auto
  case value(Int)

  /// The number, or `nil` for `auto`.
  public var value: Int? { if case .value(let number) = self { number } else { nil } }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    self = (try? container.decode(Int.self)).map(Self.value) ?? .auto
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let value { try container.encode(value) } else { try container.encode("auto") }
  }
}

/// The size of the network's input.
public enum ImageSize: Codable, Sendable, Hashable {
  /// The size that all pictures have.
  case auto
  /// Pixels.
  case fixed(height: Int, width: Int)

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let side = try? container.decode(Int.self) {
      self = .fixed(height: side, width: side)
    } else if let sides = try? container.decode([Int].self), sides.count == 2 {
      self = .fixed(height: sides[0], width: sides[1])
    } else {
      self = .auto
    }
  }

  /// Writes `auto` or `[height, width]`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .auto: try container.encode("auto")
    case .fixed(let height, let width): try container.encode([height, width])
    }
  }
}

/// Shift and scale of the pixels, which count from 0 to 1.
public enum Normalization: Codable, Sendable, Hashable {
  /// Measured on the training part.
  case auto
  /// Pixels as they are.
  case none
  /// One value of each for all channels, or one for each channel.
  case fixed(mean: [Double], std: [Double])

  private enum CodingKeys: CodingKey { case mean, std }

  public init(from decoder: any Decoder) throws {
    if let word = try? decoder.singleValueContainer().decode(String.self) {
      self = word == "none" ? .none : .auto
    } else {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      self = .fixed(mean: try container.decode([Double].self, forKey: .mean), std: try container.decode([Double].self, forKey: .std))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .auto, .none:
      var container = encoder.singleValueContainer()
      try container.encode(self == .auto ? "auto" : "none")
    case .fixed(let mean, let std):
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(mean, forKey: .mean)
      try container.encode(std, forKey: .std)
    }
  }
}
