/// A transform whose dice have fallen.
enum ResolvedTransform: Hashable, Sendable {
  case identity
  case window(x: Int, y: Int, width: Int, height: Int, fill: UInt8)
  case flipHorizontal
  case flipVertical
  case rotate(degrees: Double, fill: UInt8)
  case resize(width: Int, height: Int, filter: ResizeFilter)
  /// A part of the picture, brought to a size.
  case resizedPart(PixelArea, width: Int, height: Int, filter: ResizeFilter)
  /// From the result to the source; the size stays.
  case project(Projection, Interpolation, fill: UInt8)
  case elastic(alpha: Double, sigma: Double, seed: UInt64, Interpolation, fill: UInt8)
  /// Colours and noise: nothing moves.
  case pixels(PixelChange)
  case sequence([ResolvedTransform])
  case impossible(ImageError)

  func apply(to image: Image) throws(ImageError) -> Image {
    switch self {
    case .identity: return image
    case .window(let x, let y, let width, let height, let fill):
      return try image.window(x: x, y: y, width: width, height: height, fill: fill)
    case .flipHorizontal: return image.flippedHorizontally()
    case .flipVertical: return image.flippedVertically()
    case .rotate(let degrees, let fill): return try image.rotated(degrees: degrees, fill: fill)
    case .resize(let width, let height, let filter): return try image.resized(width: width, height: height, filter: filter)
    case .resizedPart(let part, let width, let height, let filter):
      return try image.cropped(x: part.x, y: part.y, width: part.width, height: part.height)
        .resized(width: width, height: height, filter: filter)
    case .project(let projection, let interpolation, let fill):
      return try image.warped(by: projection, interpolation: interpolation, fill: fill)
    case .elastic(let alpha, let sigma, let seed, let interpolation, let fill):
      let displacement = try Displacement.elastic(width: image.width, height: image.height, alpha: alpha, sigma: sigma, seed: seed)
      return try image.displaced(by: displacement, interpolation: interpolation, fill: fill)
    case .pixels(let change): return try change.apply(to: image)
    case .sequence(let steps):
      var image = image
      for step in steps { image = try step.apply(to: image) }
      return image
    case .impossible(let error): throw error
    }
  }

  /// The size that a picture has afterwards.
  func size(after width: Int, _ height: Int) -> (width: Int, height: Int) {
    switch self {
    case .window(_, _, let width, let height, _), .resize(let width, let height, _), .resizedPart(_, let width, let height, _):
      (width, height)
    case .sequence(let steps): steps.reduce((width, height)) { $1.size(after: $0.0, $0.1) }
    default: (width, height)
    }
  }
}

/// A change of samples in their places, with all its chance drawn.
enum PixelChange: Hashable, Sendable {
  case brightness(Double), contrast(Double), saturation(Double), hue(Double), sharpness(Double)
  case grey, invert, equalise, autocontrast
  case solarise(threshold: Int), posterise(bits: Int)
  case blur(sigma: Double, taps: Int?)
  case jpeg(quality: Int)
  case gaussianNoise(mean: Double, sigma: Double, seed: UInt64)
  case saltAndPepper(amount: Double, salt: Double, seed: UInt64)
  case poissonNoise(photons: Double, seed: UInt64)
  case erase([PixelArea], ErasureFill, seed: UInt64)
  case reorder([Int])
  case drop(Set<Int>, fill: UInt8)
  /// The picture by `weight` and changed copies by theirs.
  case mix(weight: Double, [Chain])

  struct Chain: Hashable, Sendable {
    let weight: Double
    let steps: [ResolvedTransform]
  }

  func apply(to image: Image) throws(ImageError) -> Image {
    switch self {
    case .brightness(let factor): image.brightened(by: factor)
    case .contrast(let factor): image.contrasted(by: factor)
    case .saturation(let factor): image.saturated(by: factor)
    case .hue(let part): image.hueTurned(by: part)
    case .sharpness(let factor): image.sharpened(by: factor)
    case .grey: image.withoutColour()
    case .invert: image.inverted()
    case .equalise: image.equalised()
    case .autocontrast: image.autocontrasted()
    case .solarise(let threshold): image.solarised(threshold: threshold)
    case .posterise(let bits): image.posterised(bits: bits)
    case .blur(let sigma, let taps): try image.blurred(sigma: sigma, taps: taps)
    case .jpeg(let quality): try image.afterJPEG(quality: quality)
    case .gaussianNoise(let mean, let sigma, let seed): image.withGaussianNoise(mean: mean, sigma: sigma, seed: seed)
    case .saltAndPepper(let amount, let salt, let seed): image.withSaltAndPepper(amount: amount, salt: salt, seed: seed)
    case .poissonNoise(let photons, let seed): image.withPoissonNoise(photons: photons, seed: seed)
    case .erase(let areas, let fill, let seed): image.erased(areas, with: fill, seed: seed)
    case .reorder(let order): image.channels < 3 ? image : try image.reordered(order)
    case .drop(let channels, let fill): image.channels < 3 ? image : image.dropped(channels, fill: fill)
    case .mix(let weight, let chains): try image.mixed(weight, chains)
    }
  }

  /// Whether parts of the picture have moved in what comes out.
  var moves: Bool {
    if case .mix(_, let chains) = self { return !chains.allSatisfy { $0.steps.isEmpty } }
    return false
  }
}
