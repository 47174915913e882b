import Foundation
import MartletCore

/// Draws from Poisson distributions, repeatably.
struct PoissonSampler {
  private var random: KeyedRandom
  /// Cumulative probabilities of mean 1, the mean of a row's multiplicity in a resample.
  private static let unit: [Double] = {
    var term = exp(-1.0), sum = term, table = [sum]
    for k in 1..<18 {
      term /= Double(k)
      sum += term
      table.append(sum)
    }
    return table
  }()

  init(_ random: KeyedRandom) { self.random = random }

  /// A draw of mean 1.
  mutating func nextUnit() -> Double {
    let uniform = random.uniform()
    var k = 0
    while k < 18, uniform >= Self.unit[k] { k += 1 }
    return Double(k)
  }

  /// A draw of any mean: inversion for small means, transformed rejection (Hörmann, "The transformed rejection method for generating
  /// Poisson random variables", 1993) for large ones.
  mutating func next(mean: Double) -> Double {
    if mean < 10 {
      var term = exp(-mean), k = 0.0
      var uniform = random.uniform()
      while uniform > term, k < 1000 {
        uniform -= term
        k += 1
        term *= mean / k
      }
      return k
    }
    let logMean = log(mean)
    let b = 0.931 + 2.53 * mean.squareRoot()
    let a = -0.059 + 0.02483 * b
    let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
    let quick = 0.9277 - 3.6224 / (b - 2)
    while true {
      let u = random.uniform() - 0.5, v = random.uniform()
      let us = 0.5 - abs(u)
      let k = ((2 * a / us + b) * u + mean + 0.43).rounded(.down)
      if us >= 0.07, v <= quick { return k }
      if k < 0 || (us < 0.013 && v > us) { continue }
      let accept = log(v) + log(inverseAlpha) - log(a / (us * us) + b)
      if accept <= -mean + k * logMean - lgamma(k + 1) { return k }
    }
  }
}
