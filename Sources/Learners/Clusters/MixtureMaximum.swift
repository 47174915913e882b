import CLearners
import MartletCore

/// The step of maximisation: a mixture's means, covariances and shares from the components' shares in each row.
struct MixtureMaximum {
  let covariance: GaussianMixture.Covariance
  let regularization: Double
  /// Row-major.
  let values: [Double]
  let weights: [Double]
  let columns: Int
  let threads: Int

  /// - Parameter responsibilities: `[rows, count]`.
  /// - Throws: `LearnerError` if a component has collapsed.
  func state(_ responsibilities: [Double], _ count: Int) throws -> MixtureState {
    let p = columns
    var weighted = responsibilities
    for (row, weight) in weights.enumerated() where weight != 1 {
      for place in row * count..<(row + 1) * count { weighted[place] *= weight }
    }
    let shares = weighted
    let totals = try sums(count * (p + 1)) { values, first, size, sums in
      shares.withUnsafeBufferPointer { shares in
        guard let start = shares.baseAddress, let sums = sums.baseAddress else { return 0 }
        cl_mixture_totals(values, start + first * count, size, Int64(p), Int64(count), sums, sums + count)
        return 0
      }
    }
    let sizes = totals[..<count].map { $0 + 10 * Double.ulpOfOne }
    let means = (0..<count * p).map { totals[count + $0] / sizes[$0 / p] }
    let covariances: [Double] =
      switch covariance {
      case .full, .tied: try matrices(shares, sizes, means)
      case .diag, .spherical: try variances(shares, sizes, means)
      }
    let all = sizes.reduce(0, +)
    return try MixtureState(covariance: covariance, shares: sizes.map { $0 / all }, means: means, covariances: covariances, columns: p)
  }

  private func matrices(_ shares: [Double], _ sizes: [Double], _ means: [Double]) throws -> [Double] {
    let p = columns, count = sizes.count
    var result: [Double] = []
    for component in 0..<count {
      let mean = Array(means[component * p..<(component + 1) * p])
      var matrix = try sums(p * p) { values, first, size, sums in
        shares.withUnsafeBufferPointer { shares in
          guard let start = shares.baseAddress else { return 0 }
          return cl_mixture_covariance(
            values, start + first * count, size, Int64(p), Int64(count), Int64(component), mean, sums.baseAddress)
        }
      }
      for i in 0..<p { for j in 0..<i { matrix[j * p + i] = matrix[i * p + j] } }
      result += matrix
    }
    if covariance == .tied {
      let all = sizes.reduce(0, +)
      result = (0..<p * p).map { place in (0..<count).reduce(0.0) { $0 + result[$1 * p * p + place] } / all }
    } else {
      for place in result.indices { result[place] /= sizes[place / (p * p)] }
    }
    for start in stride(from: 0, to: result.count, by: p * p) {
      for column in 0..<p { result[start + column * (p + 1)] += regularization }
    }
    return result
  }

  private func variances(_ shares: [Double], _ sizes: [Double], _ means: [Double]) throws -> [Double] {
    let p = columns, count = sizes.count
    let totals = try sums(count * p) { values, first, size, sums in
      shares.withUnsafeBufferPointer { shares in
        guard let start = shares.baseAddress, let sums = sums.baseAddress else { return 0 }
        cl_mixture_variances(values, start + first * count, size, Int64(p), Int64(count), means, sums)
        return 0
      }
    }
    let each = totals.indices.map { totals[$0] / sizes[$0 / p] + regularization }
    guard covariance == .spherical else { return each }
    return (0..<count).map { component in each[component * p..<(component + 1) * p].reduce(0, +) / Double(p) }
  }

  /// The sums over all rows of what the body adds for some of them: the rows' values, the first row and how many.
  private func sums(
    _ size: Int, _ body: @Sendable (UnsafePointer<Double>, Int, Int64, UnsafeMutableBufferPointer<Double>) -> Int32
  ) throws -> [Double] {
    let rows = weights.count
    // Few parts, so that large matrices fit into memory; the same at any number of threads.
    let block = max(MixtureState.block, (rows + 15) / 16)
    let parts = try Parallel.map((rows + block - 1) / block, threads: threads) { index in
      var sums = [Double](repeating: 0, count: size), failed: Int32 = 0
      values.withUnsafeBufferPointer { values in
        sums.withUnsafeMutableBufferPointer { sums in
          guard let start = values.baseAddress else { return }
          failed = body(start + index * block * columns, index * block, Int64(min(block, rows - index * block)), sums)
        }
      }
      guard failed == 0 else { throw LearnerError("there was no memory for a mixture of \(columns) features") }
      return sums
    }
    var total = [Double](repeating: 0, count: size)
    for part in parts { for place in 0..<size { total[place] += part[place] } }
    return total
  }
}
