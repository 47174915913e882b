import Images

/// The Swift side of the augmentation benchmark; the names are those that `Benchmarks/images/augment.py` prints.
enum AugmentBenchmark {
  /// - Parameter photo: a picture file, such as the one that `augment.py` makes.
  /// - Returns: microseconds for one picture on one thread, the best of several rounds.
  static func run(photo: String) throws -> [String: Double] {
    let picture = try Image.read(photo, as: .rgb)
    let small = try picture.resized(width: 224, height: 224)
    let preparation = try ImagePreparation(
      mode: .rgb, width: 224, height: 224, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])
    let jitter = ImageTransform.colourJitter(
      ColourJitter(brightness: 0.6...1.4, contrast: 0.6...1.4, saturation: 0.6...1.4, hue: -0.1...0.1))
    let crop = ImageTransform.resizedCrop(ResizedCrop(width: 224, height: 224))
    let affine = RandomAffine(degrees: -30...30, shiftX: -0.1...0.1, shiftY: -0.1...0.1, scale: 0.8...1.2, shearX: -10...10)
    var result: [String: Double] = [:]
    let pipeline = Augmentation([crop, .flipHorizontal(), jitter, .randAugment()])
    let output = UnsafeMutableBufferPointer<Float>.allocate(capacity: preparation.elementCount)
    defer { output.deallocate() }
    result["pipeline_floats"] = try best {
      try preparation.fill(output, with: try pipeline.apply(to: picture, seed: 0, epoch: 0, item: $0))
    }
    result["resized_crop"] = try best { _ = try crop.apply(to: picture, seed: 0, epoch: 0, item: $0) }
    let steps: [(String, ImageTransform)] = [
      ("colour_jitter", jitter), ("rand_augment", .randAugment()), ("auto_augment", .autoAugment()),
      ("trivial_augment", .trivialAugment()), ("aug_mix", .augMix()), ("affine_bilinear", .affine(affine)),
      ("perspective", .perspective(RandomPerspective(probability: 1))), ("elastic", .elastic()),
      ("blur", .blur(RandomBlur(sigma: 2...2, kernel: 13, probability: 1))), ("noise", .noise(GaussianNoise(probability: 1))),
      ("equalise", .equalise(probability: 1)), ("erase", .erase(RandomErasing(probability: 1))),
    ]
    for (name, step) in steps { result[name] = try best { _ = try step.apply(to: small, seed: 0, epoch: 0, item: $0) } }
    return result
  }

  private static func best(_ body: (Int) throws -> Void) rethrows -> Double {
    let count = 100
    for item in 0..<20 { try body(item) }
    let clock = ContinuousClock()
    var best = Double.infinity
    for _ in 0..<7 {
      let time = try clock.measure { for item in 0..<count { try body(item) } }
      best = min(best, Double(time.components.attoseconds) / 1e12 + Double(time.components.seconds) * 1e6)
    }
    return best / Double(count)
  }
}
