import MartletCore
import Testing

@testable import Images

@Suite struct AnnotatedImageTests {
  static let moving: [ImageTransform] = [
    .randomCrop(width: 30, height: 26, padding: 3), .centerCrop(width: 31, height: 27), .flipHorizontal(probability: 1),
    .flipVertical(probability: 1), .rotate(degrees: 25), .shift(x: 0.2, y: 0.2), .resize(width: 60, height: 33),
    .resizedCrop(ResizedCrop(width: 48, height: 40, scale: 0.5...1)),
    .affine(RandomAffine(degrees: -20...20, shiftX: -0.1...0.1, shiftY: -0.1...0.1, scale: 0.8...1.3, shearX: -10...10, shearY: -5...5)),
    .perspective(RandomPerspective(distortion: 0.3, probability: 1)), .elastic(ElasticDeformation(alpha: 60, sigma: 5)),
    .autoAugment(AutoAugment(policy: .svhn)), .randAugment(), .trivialAugment(),
    .someOf(SomeOf([.rotate(degrees: 10), .flipHorizontal(probability: 1), .resize(width: 50, height: 44)], count: 2...3)),
  ]

  /// A dark picture with one bright square of 5 × 5 pixels; the mask marks it, the box surrounds it, the point is its centre.
  private func marked(_ x: Int, _ y: Int) throws -> AnnotatedImage {
    let dark = try Image(width: 44, height: 36, mode: .rgb, filledWith: .black)
    let area = PixelArea(x: x, y: y, width: 5, height: 5)
    let box = ImageBox(left: Double(x), top: Double(y), right: Double(x + 5), bottom: Double(y + 5))
    let mask = try Image(width: 44, height: 36, mode: .grey, filledWith: .black).erased([area], with: .value(7))
    return try AnnotatedImage(
      dark.erased([area], with: .value(250)), masks: [mask], boxes: [box], keypoints: [ImagePoint(Double(x) + 2.5, Double(y) + 2.5)])
  }

  @Test(arguments: AnnotatedImageTests.moving) func whatIsMarkedFollows(_ transform: ImageTransform) throws {
    var seen = 0
    for item in 0..<40 {
      var random = KeyedRandom(seed: 9, epoch: 0, item: item)
      let result = try transform.apply(to: try marked(12 + item % 16, 10 + item % 12), random: &random)
      let mask = result.masks[0]
      #expect(mask.width == result.image.width && mask.height == result.image.height)
      #expect(Set(mask.bytes).isSubset(of: [0, 7]), "classes are never mixed")
      let places = mask.bytes.indices.filter { mask.bytes[$0] == 7 }
      guard let box = result.boxes.first, result.isVisible[0], places.count > 8 else { continue }
      let xs = places.map { Double($0 % mask.width) + 0.5 }, ys = places.map { Double($0 / mask.width) + 0.5 }
      // Every marked pixel lies in the box, and the point among them.
      #expect(xs.allSatisfy { $0 > box.left - 1 && $0 < box.right + 1 } && ys.allSatisfy { $0 > box.top - 1 && $0 < box.bottom + 1 })
      let point = result.keypoints[0]
      let column = min(Int(point.x), mask.width - 1), row = min(Int(point.y), mask.height - 1)
      #expect(mask.sample(x: column, y: row) == 7, "\(transform.name) \(item)")
      #expect(box.left >= 0 && box.top >= 0 && box.right <= Double(mask.width) && box.bottom <= Double(mask.height))
      seen += 1
    }
    #expect(seen > 15)
  }

  @Test func theImageIsTheOneWithoutNotes() throws {
    let augmentation = Augmentation(Self.moving.filter { $0.name != "crop" && $0.name != "centerCrop" })
    for item in 0..<5 {
      let noted = try marked(20, 15)
      let result = try augmentation.apply(to: noted, seed: 4, epoch: 1, item: item)
      #expect(try result.image == augmentation.apply(to: noted.image, seed: 4, epoch: 1, item: item))
    }
  }

  @Test func coloursMoveNothing() throws {
    let noted = try marked(20, 15)
    let augmentation = Augmentation([
      .colourJitter(ColourJitter(brightness: 0.5...1.5, hue: -0.2...0.2)), .blur(RandomBlur(probability: 1)),
      .noise(GaussianNoise(probability: 1)), .erase(RandomErasing(probability: 1)), .jpeg(JPEGArtefacts(probability: 1)),
    ])
    let result = try augmentation.apply(to: noted, seed: 1, epoch: 0, item: 0)
    #expect(result.masks == noted.masks && result.boxes == noted.boxes && result.keypoints == noted.keypoints)
    #expect(result.image != noted.image)
  }

  @Test func boxesAreClippedAndDropped() throws {
    let image = Image.gradient(20, 10)
    var noted = try AnnotatedImage(
      image,
      boxes: [
        ImageBox(left: 0, top: 0, right: 4, bottom: 4), ImageBox(left: 8, top: 2, right: 16, bottom: 9),
        ImageBox(left: 18, top: 8, right: 20, bottom: 10),
      ], keypoints: [ImagePoint(1, 1), ImagePoint(12, 5)])
    try noted.apply(.window(x: 5, y: 0, width: 10, height: 10, fill: 0))
    #expect(noted.boxIndices == [1])
    #expect(noted.boxes == [ImageBox(left: 3, top: 2, right: 10, bottom: 9)])
    #expect(noted.isVisible == [false, true])
    try noted.apply(.flipHorizontal)
    #expect(noted.boxes == [ImageBox(left: 0, top: 2, right: 7, bottom: 9)])
    #expect(noted.keypoints[1] == ImagePoint(3, 5))
  }

  @Test func masksMustFit() throws {
    let image = Image.gradient(20, 10)
    #expect(imageError { try AnnotatedImage(image, masks: [Image.gradient(20, 9)]) }?.kind == .invalidArgument)
    #expect(imageError { try AnnotatedImage(image, masks: [Image.gradient(20, 10, .rgb)]) }?.kind == .invalidArgument)
    var random = KeyedRandom(seed: 1, purpose: "test")
    let error = imageError {
      try ImageTransform.augMix().apply(to: AnnotatedImage(image, keypoints: [ImagePoint(1, 1)]), random: &random)
    }
    #expect(error?.description.contains("augMix") == true)
    #expect(try ImageTransform.augMix().apply(to: AnnotatedImage(image), random: &random).image.width == 20)
  }
}
