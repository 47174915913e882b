import MartletCore

extension ImageTransform {
  /// Every key, in the order in which they are documented.
  public static let names = catalogue.map(\.name)

  /// Every transform that a file can name, with its settings.
  public static let catalogue: [TransformDescription] = plainCatalogue + configuredReaders.map(\.description)

  /// How the transforms that are lists of settings are read.
  static let configuredReaders: [Reader] = [
    Reader { .resizedCrop($0) }, Reader { .affine($0) }, Reader { .perspective($0) }, Reader { .elastic($0) },
    Reader(also: "colorJitter") { .colourJitter($0) },
    Reader(also: "gray") { (plain: PlainChange<GreyKind>) in .grey(probability: plain.probability) },
    Reader { (plain: PlainChange<InvertKind>) in .invert(probability: plain.probability) },
    Reader(also: "solarize") { .solarise($0) }, Reader(also: "posterize") { .posterise($0) },
    Reader(also: "equalize") { (plain: PlainChange<EqualiseKind>) in .equalise(probability: plain.probability) },
    Reader { (plain: PlainChange<AutocontrastKind>) in .autocontrast(probability: plain.probability) }, Reader { .sharpness($0) },
    Reader { (plain: PlainChange<ChannelShuffleKind>) in .channelShuffle(probability: plain.probability) }, Reader { .channelDrop($0) },
    Reader { .blur($0) }, Reader { .noise($0) }, Reader { .saltAndPepper($0) }, Reader { .poissonNoise($0) }, Reader { .jpeg($0) },
    Reader { .erase($0) }, Reader { .cutOut($0) }, Reader { .gridMask($0) }, Reader { .autoAugment($0) }, Reader { .randAugment($0) },
    Reader { .trivialAugment($0) }, Reader { .augMix($0) }, Reader { .sometimes($0) }, Reader { .oneOf($0) }, Reader { .someOf($0) },
  ]

  struct Reader: Sendable {
    let name: String
    /// The American spelling, or that of another library.
    let otherName: String?
    let description: TransformDescription
    let read: @Sendable (TransformKey, KeyedDecodingContainer<TransformKey>) throws -> ImageTransform

    init<Step: ConfiguredTransform>(also otherName: String? = nil, _ wrap: @escaping @Sendable (Step) -> ImageTransform) {
      name = Step.name
      self.otherName = otherName
      description = Step.description
      read = { wrap(try Step.read($0, $1)) }
    }
  }

  /// The settings, for the transforms that are lists of them.
  var configured: (any ConfiguredTransform)? {
    switch self {
    case .randomCrop, .centerCrop, .flipHorizontal, .flipVertical, .rotate, .shift, .resize: nil
    case .resizedCrop(let step): step
    case .affine(let step): step
    case .perspective(let step): step
    case .elastic(let step): step
    case .colourJitter(let step): step
    case .grey(let probability): PlainChange<GreyKind>(probability: probability)
    case .invert(let probability): PlainChange<InvertKind>(probability: probability)
    case .solarise(let step): step
    case .posterise(let step): step
    case .equalise(let probability): PlainChange<EqualiseKind>(probability: probability)
    case .autocontrast(let probability): PlainChange<AutocontrastKind>(probability: probability)
    case .sharpness(let step): step
    case .channelShuffle(let probability): PlainChange<ChannelShuffleKind>(probability: probability)
    case .channelDrop(let step): step
    case .blur(let step): step
    case .noise(let step): step
    case .saltAndPepper(let step): step
    case .poissonNoise(let step): step
    case .jpeg(let step): step
    case .erase(let step): step
    case .cutOut(let step): step
    case .gridMask(let step): step
    case .autoAugment(let step): step
    case .randAugment(let step): step
    case .trivialAugment(let step): step
    case .augMix(let step): step
    case .sometimes(let step): step
    case .oneOf(let step): step
    case .someOf(let step): step
    }
  }

  private static let plainCatalogue: [TransformDescription] = [
    TransformDescription(
      name: "crop", summary: "A window at a random place of the picture with a border.",
      settings: [
        setting("size", "size", "1 pixel or more", "the picture's", "The window's size; or width and height."),
        setting("padding", "whole number", "0 pixels or more", "0", "The border's width."), fill,
      ]),
    TransformDescription(
      name: "centerCrop", summary: "The middle of the picture.", settings: [setting("size", "size", "1 pixel or more", "none", "Its size.")]
    ),
    TransformDescription(
      name: "flip", summary: "The picture in a mirror.",
      settings: [
        setting("direction", "word", "horizontal, vertical", "none", "horizontal swaps left and right."),
        setting("probability", "number", "0 to 1", "0.5", "How often it is applied."),
      ]),
    TransformDescription(
      name: "rotate", summary: "A turn by an angle drawn evenly to both sides.",
      settings: [setting("degrees", "number", "0 to 180", "none", "The largest angle."), fill]),
    TransformDescription(
      name: "shift", summary: "A move by whole pixels, drawn evenly to both sides.",
      settings: [
        setting("x", "number", "0 to 1", "0", "The largest move, as a share of the width; alone beside the name, of both."),
        setting("y", "number", "0 to 1", "0", "The largest move, as a share of the height."), fill,
      ]),
    TransformDescription(
      name: "resize", summary: "Another size, always.",
      settings: [
        setting("size", "size", "1 pixel or more", "none", "The size; or width and height."),
        setting(
          "filter", "word", ResizeFilter.allCases.map(\.rawValue).joined(separator: ", "), "bilinear", "How it is resized."),
      ]),
  ]

  private static let fill = setting("fill", "whole number", "0 to 255", "0", "What lies outside.")

  private static func setting(
    _ name: String, _ kind: String, _ allowed: String, _ standard: String, _ summary: String
  ) -> TransformSetting {
    TransformSetting(name: name, kind: kind, allowed: allowed, standard: standard, summary: summary)
  }
}
