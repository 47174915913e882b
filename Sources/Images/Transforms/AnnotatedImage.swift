public import MartletCore

/// A rectangle around something in a picture, in pixels from the picture's upper left corner.
public struct ImageBox: Sendable, Hashable, Codable {
  public var left, top, right, bottom: Double

  public init(left: Double, top: Double, right: Double, bottom: Double) {
    self.left = left
    self.top = top
    self.right = right
    self.bottom = bottom
  }

  /// Square pixels; 0 for a box without inside.
  public var area: Double { max(0, right - left) * max(0, bottom - top) }
}

/// A picture with what is known about its places: masks, boxes, points. Geometric transforms move all of it, others the picture alone.
public struct AnnotatedImage: Sendable, Hashable {
  public var image: Image
  /// Grey pictures of the image's size whose samples are classes, one for each pixel; never interpolated.
  public var masks: [Image]
  /// Clipped to the picture; those that leave it are gone (see `boxIndices`).
  public var boxes: [ImageBox]
  /// Where each of `boxes` stood in the list that was given, so that labels can follow.
  public private(set) var boxIndices: [Int]
  /// Points keep their place in the list; see `isVisible`.
  public var keypoints: [ImagePoint]
  /// Whether each point lies in the picture and always has.
  public private(set) var isVisible: [Bool]
  /// The class that a mask shows where the picture shows a fill, on the scale of 8 bits.
  public var maskFill: UInt8

  /// - Throws: `ImageError` for a mask that is not grey or not of the image's size.
  public init(
    _ image: Image, masks: [Image] = [], boxes: [ImageBox] = [], keypoints: [ImagePoint] = [], maskFill: UInt8 = 0
  ) throws(ImageError) {
    if let mask = masks.first(where: { $0.mode != .grey || $0.width != image.width || $0.height != image.height }) {
      throw .argument("a mask that is \(mask)", expected: "a grey one of \(image.width)×\(image.height)")
    }
    self.image = image
    self.masks = masks
    self.boxes = boxes
    self.boxIndices = Array(boxes.indices)
    self.keypoints = keypoints
    self.isVisible = keypoints.map { Self.isInside($0, image) }
    self.maskFill = maskFill
  }

  private static func isInside(_ point: ImagePoint, _ image: Image) -> Bool {
    point.x >= 0 && point.y >= 0 && point.x <= Double(image.width) && point.y <= Double(image.height)
  }

  mutating func apply(_ step: ResolvedTransform) throws(ImageError) {
    switch step {
    case .identity: return
    case .sequence(let steps):
      for step in steps { try apply(step) }
      return
    case .pixels(let change):
      if change.moves, !(masks.isEmpty && boxes.isEmpty && keypoints.isEmpty) {
        throw .argument(
          "augMix lays moved copies over each other, so that masks, boxes and points have no one place", remedy: "leave it out")
      }
      image = try change.apply(to: image)
      return
    default: break
    }
    let (width, height) = (image.width, image.height)
    var displacement: Displacement?
    if case .elastic(let alpha, let sigma, let seed, let interpolation, let fill) = step {
      let field = try Displacement.elastic(width: width, height: height, alpha: alpha, sigma: sigma, seed: seed)
      image = try image.displaced(by: field, interpolation: interpolation, fill: fill)
      displacement = field
    } else {
      image = try step.apply(to: image)
    }
    for index in masks.indices { masks[index] = try step.apply(toMask: masks[index], displacement, fill: maskFill) }
    guard let move = step.move(width, height, displacement) else { return }
    moveBoxes(move, isStraight: step.keepsBoxes)
    keypoints = keypoints.map(move)
    for index in keypoints.indices where !Self.isInside(keypoints[index], image) { isVisible[index] = false }
  }

  private mutating func moveBoxes(_ move: (ImagePoint) -> ImagePoint, isStraight: Bool) {
    var kept: [ImageBox] = []
    var indices: [Int] = []
    for (box, index) in zip(boxes, boxIndices) {
      // Straight lines stay straight under all moves but elastic ones, whose edges are followed in eight pieces.
      let pieces = isStraight ? 1 : 8
      var points: [ImagePoint] = []
      for piece in 0..<pieces {
        let part = Double(piece) / Double(pieces)
        let (dx, dy) = ((box.right - box.left) * part, (box.bottom - box.top) * part)
        points += [
          ImagePoint(box.left + dx, box.top), ImagePoint(box.right, box.top + dy), ImagePoint(box.right - dx, box.bottom),
          ImagePoint(box.left, box.bottom - dy),
        ].map(move)
      }
      let (xs, ys) = (points.map(\.x), points.map(\.y))
      guard let left = xs.min(), let right = xs.max(), let top = ys.min(), let bottom = ys.max() else { continue }
      let clipped = ImageBox(
        left: max(left, 0), top: max(top, 0), right: min(right, Double(image.width)), bottom: min(bottom, Double(image.height)))
      guard clipped.area > 0 else { continue }
      kept.append(clipped)
      indices.append(index)
    }
    boxes = kept
    boxIndices = indices
  }
}

extension ImageTransform {
  /// Changes a picture and moves its masks, boxes and points along.
  /// - Throws: `ImageError` where the picture does not fit the transform, or for `augMix` on a picture with masks, boxes or points.
  public func apply(to annotated: AnnotatedImage, random: inout KeyedRandom) throws(ImageError) -> AnnotatedImage {
    var result = annotated
    try result.apply(resolved(width: annotated.image.width, height: annotated.image.height, random: &random))
    return result
  }
}

extension Augmentation {
  /// Changes a picture and moves its masks, boxes and points along.
  /// - Throws: `ImageError` where the picture does not fit a transform, or for `augMix` on a picture with masks, boxes or points.
  public func apply(to annotated: AnnotatedImage, random: inout KeyedRandom) throws(ImageError) -> AnnotatedImage {
    var result = annotated
    for transform in transforms { result = try transform.apply(to: result, random: &random) }
    return result
  }

  /// Changes a picture with the generator that belongs to one item in one epoch; the image is the one that
  /// `apply(to: Image, seed:epoch:item:)` gives.
  /// - Throws: as `apply(to:random:)`.
  public func apply(to annotated: AnnotatedImage, seed: UInt64, epoch: Int, item: Int) throws(ImageError) -> AnnotatedImage {
    var random = KeyedRandom(seed: seed, epoch: epoch, item: item)
    return try apply(to: annotated, random: &random)
  }
}

extension ResolvedTransform {
  /// The same move for a picture of classes: nearest pixels only.
  func apply(toMask mask: Image, _ displacement: Displacement?, fill: UInt8) throws(ImageError) -> Image {
    switch self {
    case .window(let x, let y, let width, let height, _): return try mask.window(x: x, y: y, width: width, height: height, fill: fill)
    case .rotate(let degrees, _): return try mask.rotated(degrees: degrees, fill: fill, interpolation: .nearest)
    case .resize(let width, let height, _): return try mask.resized(width: width, height: height, filter: .nearest)
    case .resizedPart(let part, let width, let height, _):
      return try mask.cropped(x: part.x, y: part.y, width: part.width, height: part.height)
        .resized(width: width, height: height, filter: .nearest)
    case .project(let projection, _, _): return try mask.warped(by: projection, interpolation: .nearest, fill: fill)
    case .elastic:
      guard let displacement else { return mask }
      return try mask.displaced(by: displacement, interpolation: .nearest, fill: fill)
    case .flipHorizontal, .flipVertical: return try apply(to: mask)
    case .identity, .pixels, .sequence, .impossible: return mask
    }
  }

  /// Where a place of a picture of this size goes, or `nil` if nothing moves.
  func move(_ width: Int, _ height: Int, _ displacement: Displacement?) -> ((ImagePoint) -> ImagePoint)? {
    let (w, h) = (Double(width), Double(height))
    switch self {
    case .window(let x, let y, _, _, _): return { ImagePoint($0.x - Double(x), $0.y - Double(y)) }
    case .flipHorizontal: return { ImagePoint(w - $0.x, $0.y) }
    case .flipVertical: return { ImagePoint($0.x, h - $0.y) }
    case .resize(let outWidth, let outHeight, _):
      return { ImagePoint($0.x * Double(outWidth) / w, $0.y * Double(outHeight) / h) }
    case .resizedPart(let part, let outWidth, let outHeight, _):
      return {
        ImagePoint(
          ($0.x - Double(part.x)) * Double(outWidth) / Double(part.width),
          ($0.y - Double(part.y)) * Double(outHeight) / Double(part.height))
      }
    case .rotate(let degrees, _):
      let centre = ImagePoint(w / 2, h / 2)
      return Projection.affine(degrees: -degrees, centre: centre).inverse.map { inverse in { inverse($0) } }
    case .project(let projection, _, _): return projection.inverse.map { inverse in { inverse($0) } }
    case .elastic: return displacement.map { displacement in { displacement.moved($0) } }
    case .identity, .pixels, .sequence, .impossible: return nil
    }
  }

  /// Straight edges stay straight.
  var keepsBoxes: Bool {
    if case .elastic = self { return false }
    return true
  }
}
