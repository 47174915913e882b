import CLearners
import Foundation
import MartletCore

/// The parameters of a mixture, with what densities need of them.
struct MixtureState: Sendable {
  let covariance: GaussianMixture.Covariance
  let shares: [Double]
  /// `[components, features]`.
  let means: [Double]
  /// `[components, features, features]` where full, `[features, features]` tied, `[components, features]` diag, `[components]` spherical.
  let covariances: [Double]
  let columns: Int
  /// Inverse Cholesky factors, lower, of full and tied covariances.
  private let factors: [Double]
  private let logDeterminants: [Double]

  var count: Int { shares.count }

  var parameterCount: Int {
    let own =
      switch covariance {
      case .full: count * columns * (columns + 1) / 2
      case .tied: columns * (columns + 1) / 2
      case .diag: count * columns
      case .spherical: count
      }
    return own + count * columns + count - 1
  }

  /// - Throws: `LearnerError` if a covariance is not positive definite.
  init(covariance: GaussianMixture.Covariance, shares: [Double], means: [Double], covariances: [Double], columns p: Int) throws {
    self.covariance = covariance
    self.shares = shares
    self.means = means
    self.covariances = covariances
    columns = p
    func refuse() -> LearnerError {
      LearnerError(
        "a component of gaussian_mixture has collapsed onto fewer dimensions than features", expected: "rows that spread in all of them",
        remedy: "ask for fewer components, raise regularization, or use diag covariances")
    }
    switch covariance {
    case .diag, .spherical:
      guard covariances.allSatisfy({ $0 > 0 && $0.isFinite }) else { throw refuse() }
      factors = []
      let repeated = covariance == .spherical ? Double(p) : 1
      let width = covariances.count / shares.count
      logDeterminants = shares.indices.map { component in
        repeated * covariances[component * width..<(component + 1) * width].reduce(0) { $0 + log($1) }
      }
    case .full, .tied:
      var factors: [Double] = [], determinants: [Double] = []
      for start in stride(from: 0, to: covariances.count, by: p * p) {
        guard let (inverse, determinant) = Self.inverseFactor(covariances[start..<start + p * p], p) else { throw refuse() }
        factors += inverse
        determinants.append(determinant)
      }
      self.factors = factors
      logDeterminants = covariance == .tied ? shares.map { _ in determinants[0] } : determinants
    }
  }

  /// The inverse of the lower Cholesky factor, and the matrix's log determinant.
  private static func inverseFactor(_ matrix: ArraySlice<Double>, _ p: Int) -> ([Double], Double)? {
    var lower = [Double](repeating: 0, count: p * p)
    let start = matrix.startIndex
    var determinant = 0.0
    for i in 0..<p {
      for j in 0...i {
        var sum = matrix[start + i * p + j]
        for k in 0..<j { sum -= lower[i * p + k] * lower[j * p + k] }
        if i == j {
          guard sum > 0, sum.isFinite else { return nil }
          lower[i * p + i] = sum.squareRoot()
          determinant += log(sum)
        } else {
          lower[i * p + j] = sum / lower[j * p + j]
        }
      }
    }
    var inverse = [Double](repeating: 0, count: p * p)
    for j in 0..<p {
      inverse[j * p + j] = 1 / lower[j * p + j]
      for i in j + 1..<max(p, j + 1) {
        var sum = 0.0
        for k in j..<i { sum -= lower[i * p + k] * inverse[k * p + j] }
        inverse[i * p + j] = sum / lower[i * p + i]
      }
    }
    return (inverse, determinant)
  }

  /// The work is shared out in so many rows, whatever the number of threads.
  static let block = 4096

  /// - Returns: a row's log density, and responsibilities `[rows, components]`.
  func expectation(_ values: [Double], threads: Int) throws -> (logs: [Double], responsibilities: [Double]) {
    let rows = values.count / columns
    let constants = shares.indices.map { log(shares[$0]) - 0.5 * (Double(columns) * log(2 * Double.pi) + logDeterminants[$0]) }
    let precisions: [Double] =
      switch covariance {
      case .diag: covariances.map { 1 / $0 }
      case .spherical: covariances.flatMap { [Double](repeating: 1 / $0, count: columns) }
      case .full, .tied: []
      }
    let parts = try Parallel.map((rows + Self.block - 1) / Self.block, threads: threads) { index -> ([Double], [Double]) in
      let start = index * Self.block, size = min(Self.block, rows - start)
      var logs = [Double](repeating: 0, count: size), responsibilities = [Double](repeating: 0, count: size * count)
      let failed = values.withUnsafeBufferPointer { values in
        factors.withUnsafeBufferPointer { factors in
          means.withUnsafeBufferPointer { means in
            precisions.withUnsafeBufferPointer { precisions in
              constants.withUnsafeBufferPointer { constants in
                var mixture = CLMixture(
                  count: Int64(count), columns: Int64(columns), means: means.baseAddress,
                  factors: precisions.isEmpty ? factors.baseAddress : nil,
                  factor_stride: covariance == .full ? Int64(columns * columns) : 0, precisions: precisions.baseAddress,
                  constants: constants.baseAddress)
                return cl_mixture_densities(
                  &mixture, values.baseAddress.map { $0 + start * columns }, Int64(size), &logs, &responsibilities)
              }
            }
          }
        }
      }
      guard failed == 0 else { throw LearnerError("there was no memory for a mixture of \(columns) features") }
      return (logs, responsibilities)
    }
    return (parts.flatMap(\.0), parts.flatMap(\.1))
  }
}
