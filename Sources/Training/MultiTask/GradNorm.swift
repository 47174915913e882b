import Foundation
import NN
import Torch

extension MultiTaskLoss {
  /// One step of GradNorm's weights along the gradient of Σ |Gᵢ − Ḡ rᵢ^α|, with Gᵢ = wᵢ ‖∇Lᵢ‖ and the target held fast.
  func balance(_ parts: [Tensor], _ weights: [Double], _ alpha: Double, _ rate: Double, _ shared: [Parameter]) throws {
    let values = try shared.map { try $0.value }
    var slopes: [Double] = []
    for part in parts {
      let gradients = try Tensor.gradients(of: [part], withRespectTo: values, retainGraph: true, allowUnused: true)
      let squares = try withoutGrad {
        try gradients.compactMap(\.self).reduce(0.0) { sum, gradient in
          let norm = try gradient.linalgVectorNorm(dtype: .float64).double()
          return sum + norm * norm
        }
      }
      slopes.append(squares.squareRoot())
    }
    let losses = try parts.map { try $0.detach().double() }
    guard (losses + slopes).allSatisfy(\.isFinite) else { return }
    let first = try startingLosses(losses)
    let state = GradNormState(weights: weights, first: first)
    try store(weights: state.stepped(losses: losses, slopes: slopes, alpha: alpha, rate: rate))
  }
}

/// GradNorm's arithmetic (Chen et al. 2018, algorithm 1).
struct GradNormState {
  let weights: [Double]
  let first: [Double]

  /// The weights after one step of gradient descent; they sum to their number again.
  func stepped(losses: [Double], slopes: [Double], alpha: Double, rate: Double) -> [Double] {
    let count = Double(weights.count)
    let norms = zip(weights, slopes).map { $0 * $1 }
    let mean = norms.reduce(0, +) / count
    let ratios = zip(losses, first).map { $0 / max($1, 1e-12) }
    let average = ratios.reduce(0, +) / count
    let moved = weights.indices.map { index in
      let target = mean * pow(average > 0 ? ratios[index] / average : 1, alpha)
      let difference = norms[index] - target
      let sign = difference > 0 ? 1.0 : difference < 0 ? -1 : 0
      // A weight of zero could never come back.
      return max(1e-4, weights[index] - rate * sign * slopes[index])
    }
    let sum = moved.reduce(0, +)
    return moved.map { $0 * count / sum }
  }
}
