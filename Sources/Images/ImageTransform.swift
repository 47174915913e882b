public import MartletCore

/// The transforms that a configuration file can name, each with its chance drawn afresh for every picture.
///
/// Fills are samples on the scale of 8 bits, the same in every channel.
public enum ImageTransform: Transform, Hashable {
  /// A window of `width` × `height` (`nil`: the picture's own size) at a random place of the picture with a border of `padding` pixels.
  case randomCrop(width: Int? = nil, height: Int? = nil, padding: Int = 0, fill: UInt8 = 0)
  /// The middle `width` × `height`.
  case centerCrop(width: Int, height: Int)
  /// Left becomes right, with a probability.
  case flipHorizontal(probability: Double = 0.5)
  /// Top becomes bottom, with a probability.
  case flipVertical(probability: Double = 0.5)
  /// A turn by an angle drawn evenly from -degrees … degrees, bilinear; the size stays.
  case rotate(degrees: Double, fill: UInt8 = 0)
  /// A move by whole pixels, drawn evenly from -x … x of the width and -y … y of the height.
  case shift(x: Double, y: Double, fill: UInt8 = 0)
  /// Another size, always.
  case resize(width: Int, height: Int, filter: ResizeFilter = .bilinear)

  // Geometry; masks, boxes and points of an `AnnotatedImage` move along.
  case resizedCrop(ResizedCrop = ResizedCrop())
  case affine(RandomAffine)
  case perspective(RandomPerspective = RandomPerspective())
  case elastic(ElasticDeformation = ElasticDeformation())

  // Colours, blur, noise: nothing moves. Made at 8 bits; alpha stays.
  case colourJitter(ColourJitter)
  /// The picture without colour, in its own channels.
  case grey(probability: Double = 0.1)
  /// The negative.
  case invert(probability: Double = 0.5)
  case solarise(Solarise = Solarise())
  case posterise(Posterise = Posterise())
  /// Each channel with its samples spread evenly.
  case equalise(probability: Double = 0.5)
  /// Each channel stretched from black to white.
  case autocontrast(probability: Double = 0.5)
  case sharpness(RandomSharpness = RandomSharpness())
  /// Red, green and blue change places.
  case channelShuffle(probability: Double = 0.5)
  case channelDrop(ChannelDrop = ChannelDrop())
  case blur(RandomBlur = RandomBlur())
  case noise(GaussianNoise = GaussianNoise())
  case saltAndPepper(SaltAndPepper = SaltAndPepper())
  case poissonNoise(PoissonNoise = PoissonNoise())
  case jpeg(JPEGArtefacts = JPEGArtefacts())
  case erase(RandomErasing = RandomErasing())
  case cutOut(CutOut = CutOut())
  case gridMask(GridMask = GridMask())

  // Policies.
  case autoAugment(AutoAugment = AutoAugment())
  case randAugment(RandAugment = RandAugment())
  case trivialAugment(TrivialAugmentWide = TrivialAugmentWide())
  case augMix(AugMix = AugMix())

  // Transforms of transforms.
  case sometimes(Sometimes)
  case oneOf(OneOf)
  case someOf(SomeOf)

  public func apply(to image: Image, random: inout KeyedRandom) throws(ImageError) -> Image {
    try resolved(width: image.width, height: image.height, random: &random).apply(to: image)
  }

  /// Checks the numbers, which a file may have any way it likes.
  /// - Throws: `ArgumentError` naming the transform, the value and what was expected.
  public func validate() throws(ArgumentError) {
    func require(_ condition: Bool, _ problem: String, _ expected: String) throws(ArgumentError) {
      if !condition { throw ArgumentError(problem, expected: expected) }
    }
    let longest = ImageLimits.longestSide
    switch self {
    case .randomCrop(let width, let height, let padding, _):
      for side in [width, height].compactMap({ $0 }) {
        try require((1...longest).contains(side), "crop: a side of \(side)", "1 pixel or more")
      }
      try require((0...longest).contains(padding), "crop: a padding of \(padding)", "0 pixels or more")
    case .centerCrop(let width, let height), .resize(let width, let height, _):
      for side in [width, height] { try require((1...longest).contains(side), "\(name): a side of \(side)", "1 pixel or more") }
    case .flipHorizontal(let probability), .flipVertical(let probability):
      try require((0...1).contains(probability), "flip: a probability of \(probability)", "0 to 1")
    case .rotate(let degrees, _):
      try require((0...180).contains(degrees), "rotate: \(degrees) degrees", "0 to 180")
    case .shift(let x, let y, _):
      for part in [x, y] { try require((0...1).contains(part), "shift: \(part) of the picture", "a part from 0 to 1") }
    default: try configured?.validate()
    }
  }

  /// The key in configuration files.
  public var name: String {
    switch self {
    case .randomCrop: "crop"
    case .centerCrop: "centerCrop"
    case .flipHorizontal, .flipVertical: "flip"
    case .rotate: "rotate"
    case .shift: "shift"
    case .resize: "resize"
    default: configured.map { type(of: $0).name } ?? ""
    }
  }
}

extension ImageTransform {
  /// Draws what the transform will do to a picture of a size. What is wrong with it is drawn, too, and thrown when it is applied.
  func resolved(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    do {
      try validate()
    } catch {
      return .impossible(
        ImageError(.invalidArgument, source: "image", problem: error.problem, expected: error.expected, remedy: error.remedy))
    }
    if let configured {
      guard random.bernoulli(configured.probability) else { return .identity }
      return configured.drawn(width: width, height: height, random: &random)
    }
    switch self {
    case .randomCrop(let wantedWidth, let wantedHeight, let padding, let fill):
      let (outWidth, outHeight) = (wantedWidth ?? width, wantedHeight ?? height)
      let (roomX, roomY) = (width + 2 * padding - outWidth, height + 2 * padding - outHeight)
      let (x, y) = (random.below(roomX + 1), random.below(roomY + 1))
      guard roomX >= 0, roomY >= 0 else {
        return .impossible(
          .argument(
            "a random crop of \(outWidth)×\(outHeight) does not fit a picture of \(width)×\(height) with padding \(padding)",
            remedy: "crop less, pad more, or resize first"))
      }
      return .window(x: x - padding, y: y - padding, width: outWidth, height: outHeight, fill: fill)
    case .centerCrop(let outWidth, let outHeight):
      guard outWidth <= width, outHeight <= height else {
        return .impossible(
          .argument(
            "a centre crop of \(outWidth)×\(outHeight) does not fit a picture of \(width)×\(height)", remedy: "crop less, or resize first"))
      }
      return .window(x: (width - outWidth) / 2, y: (height - outHeight) / 2, width: outWidth, height: outHeight, fill: 0)
    case .flipHorizontal(let probability): return random.bernoulli(probability) ? .flipHorizontal : .identity
    case .flipVertical(let probability): return random.bernoulli(probability) ? .flipVertical : .identity
    case .rotate(let degrees, let fill): return .rotate(degrees: random.uniform(in: -degrees...degrees), fill: fill)
    case .shift(let partX, let partY, let fill):
      let x = Int((random.uniform(in: -partX...partX) * Double(width)).rounded())
      let y = Int((random.uniform(in: -partY...partY) * Double(height)).rounded())
      return .window(x: -x, y: -y, width: width, height: height, fill: fill)
    case .resize(let outWidth, let outHeight, let filter): return .resize(width: outWidth, height: outHeight, filter: filter)
    default: return .identity
    }
  }
}
