import MartletCore

/// Data with known properties, the same on every run.
enum Simulated {
  static func normal(_ random: inout KeyedRandom) -> Double {
    // Twelve uniforms: near enough to normal for a test, and without a logarithm of zero.
    (0..<12).reduce(-6.0) { sum, _ in sum + random.uniform() }
  }

  /// Scores of two kinds of rows, `shift` standard deviations apart.
  static func binary(_ count: Int, shift: Double, seed: UInt64, ties: Bool = false) -> (isPositive: [Bool], scores: [Double]) {
    var random = KeyedRandom(seed: seed, purpose: "test")
    var isPositive: [Bool] = [], scores: [Double] = []
    for row in 0..<count {
      let positive = row == 0 || (row > 1 && random.bernoulli(0.35))
      let score = normal(&random) + (positive ? shift : 0)
      isPositive.append(positive)
      scores.append(ties ? (score * 2).rounded() / 2 : score)
    }
    return (isPositive, scores)
  }

  /// Probabilities and labels drawn from them: perfectly calibrated, so every property of the whole is known.
  static func rows(_ count: Int, classes: Int, seed: UInt64, sharpness: Double = 3) -> (probabilities: [Float], truth: [Int]) {
    var random = KeyedRandom(seed: seed, purpose: "test rows")
    var probabilities: [Float] = [], truth: [Int] = []
    for _ in 0..<count {
      var row = (0..<classes).map { _ in 0.02 + (0..<Int(sharpness)).reduce(1.0) { product, _ in product * random.uniform() } }
      let sum = row.reduce(0, +)
      row = row.map { $0 / sum }
      var rest = random.uniform(), label = 0
      while label < classes - 1, rest >= row[label] {
        rest -= row[label]
        label += 1
      }
      probabilities += row.map { Float($0) }
      truth.append(label)
    }
    return (probabilities, truth)
  }
}
