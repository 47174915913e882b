import MartletCore
import NN
import Synchronization
import Torch

/// What one layer's output looked like in one forward pass, and the gradient that came back to it.
struct LayerReading {
  let path: String
  let description: String
  let module: Module
  let mean: Double
  let deviation: Double
  let zeros: Double
  /// The share of outputs at the ends of the activation's range, for activations that have ends.
  let saturated: Double?
  let isFinite: Bool
  /// Units whose output is never above zero.
  let silent: Tensor?
  let gradient: GradientReading
}

/// The gradient of one output; filled by a hook that runs in the backward pass.
final class GradientReading: Sendable {
  struct Values {
    var rms: Double?
    var isFinite = true
    /// The largest magnitude for each unit.
    var perUnit: Tensor?
  }

  private let values = Mutex(Values())
  var value: Values { values.withLock { $0 } }

  func set(_ new: Values) { values.withLock { $0 = new } }
}

/// Watches the forward and backward passes of a model while it is there.
final class LayerProbe {
  private(set) var readings: [LayerReading] = []
  private var observation: ForwardObservation?

  init(_ model: Module) {
    observation = model.observeForward { [unowned self] (event) throws(TorchError) in
      // Validation runs between steps, without gradients.
      guard isGradEnabled, let output = event.outputs.first, output.dtype.isFloatingPoint, output.count > 0 else { return }
      readings.append(try read(event, output))
    }
  }

  func cancel() {
    observation?.cancel()
    observation = nil
  }

  private func read(_ event: ForwardEvent, _ output: Tensor) throws(TorchError) -> LayerReading {
    let reading = GradientReading()
    let unitDim = Self.unitDimension(event.module, output)
    let others = output.shape.indices.filter { $0 != unitDim }
    if output.requiresGrad {
      try output.registerHook { gradient in
        try withoutGrad {
          let isFinite = try gradient.allFinite()
          var values = GradientReading.Values(isFinite: isFinite)
          values.rms = try gradient.linalgVectorNorm(dtype: .float64).double() / Double(max(1, gradient.count)).squareRoot()
          if unitDim != nil { values.perUnit = try others.isEmpty ? gradient.abs() : gradient.abs().amax(dims: others) }
          reading.set(values)
        }
        return nil
      }
    }
    return try withoutGrad { () throws(TorchError) in
      let values = try output.detach().to(.float32)
      let isFinite = try values.allFinite()
      let count = Double(values.count)
      return LayerReading(
        path: event.path, description: event.module.description, module: event.module, mean: try values.mean().double(),
        deviation: try values.count > 1 ? values.std().double() : 0, zeros: try values.eq(0).sum().double() / count,
        saturated: try Self.range(of: event.module).map { (range) throws(TorchError) in
          let margin = 0.02 * (range.upperBound - range.lowerBound) / 2
          let low = try values.lt(.double(range.lowerBound + margin)).sum().double()
          return try (low + values.gt(.double(range.upperBound - margin)).sum().double()) / count
        }, isFinite: isFinite,
        silent: try unitDim == nil || others.isEmpty ? nil : values.amax(dims: others).le(0), gradient: reading)
    }
  }

  /// The dimension that counts units: channels of pictures and signals, features of everything else.
  private static func unitDimension(_ module: Module, _ output: Tensor) -> Int? {
    switch output.ndim {
    case 0, 1: nil
    case 2, 4, 5: 1
    default: "\(type(of: module))".hasSuffix("1d") ? 1 : output.ndim - 1
    }
  }

  /// Where an activation that saturates does so.
  private static func range(of module: Module) -> ClosedRange<Double>? {
    switch module {
    case is Sigmoid, is Hardsigmoid: 0...1
    case is Tanh, is Hardtanh: -1...1
    default: nil
    }
  }
}
