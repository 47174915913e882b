import Foundation
import MartletCore
import Testing

@testable import Images

@Suite struct AugmentTests {
  /// One of each transform, with settings that differ from the standard ones.
  static let all: [ImageTransform] = [
    .resizedCrop(ResizedCrop(width: 20, height: 18, scale: 0.3...0.9)), .affine(RandomAffine(degrees: -20...20, scale: 0.8...1.2)),
    .perspective(RandomPerspective(distortion: 0.4, probability: 1)), .elastic(ElasticDeformation(alpha: 30, sigma: 3)),
    .colourJitter(ColourJitter(brightness: 0.6...1.4, contrast: 0.6...1.4, saturation: 0.5...1.5, hue: -0.1...0.1)),
    .grey(probability: 1), .invert(probability: 1), .solarise(Solarise(threshold: 99, probability: 1)),
    .posterise(Posterise(bits: 3, probability: 1)), .equalise(probability: 1), .autocontrast(probability: 1),
    .sharpness(RandomSharpness(factor: 0...3, probability: 1)), .channelShuffle(probability: 1),
    .channelDrop(ChannelDrop(count: 2, fill: 9, probability: 1)), .blur(RandomBlur(sigma: 0.5...2, kernel: 5, probability: 1)),
    .noise(GaussianNoise(sigma: 0.02...0.1, mean: 0.01, probability: 1)), .saltAndPepper(SaltAndPepper(probability: 1)),
    .poissonNoise(PoissonNoise(photons: 20...200, probability: 1)), .jpeg(JPEGArtefacts(quality: 5...50, probability: 1)),
    .erase(RandomErasing(with: .random, probability: 1)), .cutOut(CutOut(size: 0.4, count: 2, with: .mean)),
    .gridMask(GridMask(unit: 0.3...0.5, probability: 1)), .autoAugment(AutoAugment(policy: .cifar10)),
    .randAugment(RandAugment(count: 3, magnitude: 12)), .trivialAugment(TrivialAugmentWide(bins: 11)),
    .augMix(AugMix(severity: 5, width: 2, depth: 2, alpha: 0.5, operations: .plain)),
    .sometimes(Sometimes([.rotate(degrees: 10), .invert()], probability: 0.7)), .oneOf(OneOf([.invert(probability: 1), .blur()])),
    .someOf(SomeOf([.invert(probability: 1), .flipVertical(), .rotate(degrees: 5)], count: 1...3)),
  ]

  @Test func everyTransformIsTried() {
    let plain = ["crop", "centerCrop", "flip", "rotate", "shift", "resize"]
    #expect(Set(Self.all.map(\.name)).union(plain) == Set(ImageTransform.names))
    #expect(ImageTransform.catalogue.allSatisfy { !$0.summary.isEmpty && $0.settings.allSatisfy { !$0.summary.isEmpty } })
  }

  @Test(arguments: AugmentTests.all) func filesHoldItWhole(_ transform: ImageTransform) throws {
    let saved = try JSON.encode(Augmentation([transform]))
    #expect(try JSON.decode(Augmentation.self, from: saved, source: "x").transforms == [transform])
  }

  /// The kinds of picture that come: all channels at both depths, and sizes where kernels are larger than the picture.
  @Test(arguments: AugmentTests.all) func everyKindOfPicturePasses(_ transform: ImageTransform) throws {
    for mode in ColourMode.allCases {
      for (width, height) in [(33, 21), (1, 1), (2, 7), (5, 1)] {
        let image = Image.gradient(width, height, mode)
        for item in 0..<4 {
          let result = try transform.apply(to: image, seed: 2, epoch: 0, item: item)
          #expect(result.mode == mode && result.bitsPerSample == 8)
          #expect(try transform.apply(to: image, seed: 2, epoch: 0, item: item) == result)
          let deep = try transform.apply(to: image.with16Bits(), seed: 2, epoch: 0, item: item)
          #expect(deep.bitsPerSample == 16 && deep.width == result.width && deep.height == result.height)
        }
      }
    }
  }

  @Test(arguments: AugmentTests.all) func itsChanceIsItsKey(_ transform: ImageTransform) throws {
    let image = try Image.read(Fixture.path("rgb.png")).contrasted(by: 0.7)
    let results = try (0..<12).map { try transform.apply(to: image, seed: 5, epoch: 3, item: $0) }
    #expect(results.contains { $0 != image })
    let isCertain = ["grey", "invert", "solarise", "posterise", "equalise", "autocontrast", "oneOf"].contains(transform.name)
    if !isCertain { #expect(Set(results).count > 1) }
  }

  @Test func aKeyGivesTheseBytesForever() throws {
    let image = try Image.read(Fixture.path("rgb.png"))
    var bytes: [UInt8] = []
    // Those whose arithmetic is whole numbers and basic operations: the same on every machine.
    for transform in Self.all where !["jpeg", "poissonNoise", "noise", "augMix"].contains(transform.name) {
      bytes += try transform.apply(to: image, seed: 1, epoch: 2, item: 3).bytes
    }
    #expect(Digest.sha256(Data(bytes)) == "deb0ea01eff71f7a04584505f1ee2fc1c6e73a3bf8b32269122206b5b8116549")
  }

  @Test func oldFilesAreRead() throws {
    let text =
      #"[{"crop": {"padding": 4, "fill": 0}}, {"flip": {"direction": "horizontal", "probability": 0.5}}, {"rotate": {"degrees": 10}}]"#
    let expected: [ImageTransform] = [.randomCrop(padding: 4), .flipHorizontal(), .rotate(degrees: 10)]
    #expect(try JSON.decode(Augmentation.self, from: Data(text.utf8), source: "x").transforms == expected)
  }

  @Test func shortForms() throws {
    let text = """
      [{"colorJitter": {"brightness": 0.4, "contrast": [0.5, 2], "hue": 0.1}}, {"blur": [0.1, 2]}, {"posterize": 3}, {"equalise": 0.2},
       {"autoAugment": "svhn"}, {"randAugment": 7}, {"trivialAugment": null}, {"oneOf": [{"invert": 1}, {"flip": "vertical"}]},
       {"sometimes": {"of": [{"grey": {}}], "probability": 0.3}}, {"affine": {"degrees": 10, "scale": 0.2}}]
      """
    #expect(
      try JSON.decode(Augmentation.self, from: Data(text.utf8), source: "x").transforms == [
        .colourJitter(ColourJitter(brightness: 0.6...1.4, contrast: 0.5...2, hue: -0.1...0.1)), .blur(RandomBlur(sigma: 0.1...2)),
        .posterise(Posterise(bits: 3)), .equalise(probability: 0.2), .autoAugment(AutoAugment(policy: .svhn)),
        .randAugment(RandAugment(magnitude: 7)), .trivialAugment(), .oneOf(OneOf([.invert(probability: 1), .flipVertical()])),
        .sometimes(Sometimes([.grey(probability: 0.5)], probability: 0.3)), .affine(RandomAffine(degrees: -10...10, scale: 0.8...1.2)),
      ])
  }

  @Test(arguments: [
    (#"[{"colourJitter": {"hue": 0.7}}]"#, "colourJitter: hue of"), (#"[{"blur": {"kernel": 4}}]"#, "blur: a kernel of 4"),
    (#"[{"posterise": 9}]"#, "posterise: bits of 9; expected 1 to 8"), (#"[{"randAugment": 31}]"#, "below bins, which is 31"),
    (#"[{"autoAugment": "imagnet"}]"#, "unknown 'imagnet'; expected imagenet, cifar10, svhn; did you mean 'imagenet'?"),
    (#"[{"oneOf": []}]"#, "oneOf: no transforms in 'of'"), (#"[{"oneOf": [{"blurr": 1}]}]"#, "did you mean 'blur'?"),
    (#"[{"someOf": {"of": [{"invert": 1}], "most": 4}}]"#, "someOf: 1 to 4 of 1 transforms"),
    (#"[{"blur": {"sigmaa": 4}}]"#, "unknown setting 'sigmaa'; expected sigma, kernel, probability; did you mean 'sigma'?"),
    (#"[{"blur": [2, 1]}]"#, "expected a number, or [least, most]"), (#"[{"erase": {"probability": 2}}]"#, "probability of 2"),
  ]) func mistakesAreExplained(_ text: String, _ expected: String) {
    do {
      _ = try JSON.decode(Augmentation.self, from: Data(text.utf8), source: "martlet.yml")
      Issue.record("accepted \(text)")
    } catch { #expect("\(error)".contains(expected), "\(error)") }
  }

  @Test func settingsThatCannotBeAreErrors() {
    let image = Image.gradient(9, 9)
    for transform: ImageTransform in [
      .resizedCrop(ResizedCrop(width: 0)), .affine(RandomAffine(scale: 0...1)), .blur(RandomBlur(sigma: 0...0, probability: 1)),
      .shift(x: .nan, y: 0), .someOf(SomeOf([], count: 2...3)), .elastic(ElasticDeformation(alpha: .infinity)),
    ] {
      #expect(imageError { try transform.apply(to: image, seed: 0, epoch: 0, item: 0) }?.kind == .invalidArgument, "\(transform)")
    }
  }

  @Test func noiseHasItsMoments() throws {
    let grey = try Image(width: 200, height: 200, mode: .grey, filledWith: Colour(red: 120, green: 120, blue: 120))
    func moments(_ image: Image) -> (mean: Double, deviation: Double) {
      let values = image.bytes.map(Double.init)
      let mean = values.reduce(0, +) / Double(values.count)
      return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot())
    }
    let gaussian = moments(grey.withGaussianNoise(mean: 0.1, sigma: 0.05, seed: 1))
    #expect(abs(gaussian.mean - 145.5) < 0.4 && abs(gaussian.deviation - 12.75) < 0.25)
    for photons in [12.0, 100, 2000] {
      let poisson = moments(grey.withPoissonNoise(photons: photons, seed: 1))
      let expected = (120 * 255 / photons).squareRoot()
      // Few quanta: white is the end, and cuts off some.
      #expect(abs(poisson.mean - 120) < 1.5 && abs(poisson.deviation / expected - 1) < 0.06, "\(photons): \(poisson)")
    }
    let salted = grey.withSaltAndPepper(amount: 0.1, salt: 0.25, seed: 1).bytes
    #expect(abs(salted.count { $0 == 255 } - 1000) < 150 && abs(salted.count { $0 == 0 } - 3000) < 250)
  }

  @Test func probabilitiesHold() throws {
    let image = Image.gradient(4, 4)
    let inverted = image.inverted(), flipped = image.flippedVertically()
    func share(_ transform: ImageTransform, _ wanted: Image) throws -> Double {
      Double(try (0..<2000).count { try transform.apply(to: image, seed: 5, epoch: 0, item: $0) == wanted }) / 2000
    }
    #expect(abs(try share(.invert(probability: 0.25), inverted) - 0.25) < 0.04)
    #expect(abs(try share(.oneOf(OneOf([.invert(probability: 1), .flipVertical(probability: 1)])), flipped) - 0.5) < 0.05)
    #expect(abs(try share(.sometimes(Sometimes([.invert(probability: 1), .invert(probability: 1)])), image) - 1) < 1e-9)
    #expect(abs(try share(.someOf(SomeOf([.invert(probability: 1), .flipVertical(probability: 1)], count: 0...2)), image) - 1 / 3) < 0.05)
  }

  @Test func resizedCropsHaveTheirShare() throws {
    let crop = ResizedCrop(scale: 0.2...0.5, ratio: 0.5...2)
    for item in 0..<300 {
      var random = KeyedRandom(seed: 1, epoch: 0, item: item)
      guard case .resizedPart(let part, 100, 60, .bilinear) = crop.drawn(width: 100, height: 60, random: &random) else {
        Issue.record("no part")
        return
      }
      #expect(part.x >= 0 && part.y >= 0 && part.x + part.width <= 100 && part.y + part.height <= 60)
      let share = Double(part.width * part.height) / 6000
      #expect(share > 0.18 && share < 0.52)
    }
  }

  @Test func projectionsUndoThemselves() throws {
    let affine = Projection.affine(degrees: 33, scale: 1.3, shear: (10, -4), shift: (3, 2), centre: ImagePoint(20, 10))
    let back = try #require(affine.inverse)
    for point in [ImagePoint(0, 0), ImagePoint(7, 31), ImagePoint(-4, 2.5)] {
      let again = back(affine(point))
      #expect(abs(again.x - point.x) < 1e-9 && abs(again.y - point.y) < 1e-9)
    }
    let line = [ImagePoint(0, 0), ImagePoint(1, 0), ImagePoint(2, 0), ImagePoint(3, 0)]
    #expect(Projection.perspective(from: line, to: line) == nil)
    #expect(try Image.gradient(9, 7, .rgb).warped(by: .identity) == Image.gradient(9, 7, .rgb))
  }

  /// A resized crop that stands first sees all of the picture's pixels.
  @Test func aLeadingCropCutsFromTheWholePicture() throws {
    try withFolder { folder in
      for name in ["a", "b"] { try write(FileBytes.read(Fixture.path("rgb.png"), limit: .max), folder + "/\(name)/1.png") }
      let dataset = try FolderDataset(folder)
      let augmentation = Augmentation([.resizedCrop(ResizedCrop(width: 8, height: 8)), .flipHorizontal()])
      let batcher = ImageBatcher(
        dataset, preparation: try ImagePreparation(mode: .rgb, width: 8, height: 8), augmentation: augmentation, seed: 3)
      let whole = try Image.read(Fixture.path("rgb.png"))
      #expect(try batcher.image(1, epoch: 2) == augmentation.apply(to: whole, seed: 3, epoch: 2, item: 1))
      #expect(try batcher.floats(items: [0, 1], epoch: 2).count == 2 * 192)
    }
  }
}
