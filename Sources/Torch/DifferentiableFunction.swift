import CTorch

#if canImport(Glibc)
  import Glibc
#endif

/// A function with a backward pass of the user's own, for operations that libtorch cannot differentiate or not well enough.
///
/// ```swift
/// struct Clamp: DifferentiableFunction {                       // passes gradients straight through
///   func forward(_ inputs: [Tensor]) throws -> (outputs: [Tensor], saved: [Tensor]) { ([try inputs[0].clamp(min: 0, max: 1)], []) }
///   func backward(_ gradients: [Tensor?], saved: [Tensor]) throws -> [Tensor?] { [gradients[0]] }
/// }
/// let y = try Clamp().apply([x])[0]
/// ```
public protocol DifferentiableFunction: Sendable {
  /// Computes the outputs. Nothing in here is recorded.
  /// - Returns: the outputs, and the inputs or outputs that `backward` will need.
  func forward(_ inputs: [Tensor]) throws -> (outputs: [Tensor], saved: [Tensor])

  /// The gradients with respect to the inputs.
  /// - Parameters:
  ///   - gradients: one per output; `nil` where none arrived.
  ///   - saved: the tensors that `forward` asked to keep.
  /// - Returns: one per input; `nil` where nothing flows. Built from differentiable operations, it gives higher orders, too.
  func backward(_ gradients: [Tensor?], saved: [Tensor]) throws -> [Tensor?]
}

extension DifferentiableFunction {
  /// Runs `forward` and records `backward`.
  /// - Throws: `TorchError`; what the functions themselves throw arrives as kind `.callback`.
  public func apply(_ inputs: [Tensor]) throws(TorchError) -> [Tensor] {
    let outputs: [Tensor], saved: [Tensor]
    do {
      (outputs, saved) = try withoutGrad { try forward(inputs) }
    } catch let error as TorchError {
      throw error
    } catch {
      throw TorchError(.callback, "\(Self.self).forward", "\(error)")
    }
    let context = Unmanaged.passRetained(BackwardContext { try self.backward($0, saved: $1) }).toOpaque()
    var results = [CTTensor?](repeating: nil, count: outputs.count)
    var error: CTError?
    let status = inputs.withHandles { inputs in
      outputs.withHandles { outputs in
        saved.withHandles { saved in
          ct_custom_function(
            inputs, outputs, saved, runBackward, context, { Unmanaged<BackwardContext>.fromOpaque($0).release() }, &results, &error)
        }
      }
    }
    guard status == 0 else { throw TorchError(error, named: "\(Self.self).apply", inputs) }
    return results.compactMap { $0.map(Tensor.init(owning:)) }
  }
}

private final class BackwardContext: Sendable {
  let backward: @Sendable ([Tensor?], [Tensor]) throws -> [Tensor?]
  init(_ backward: @escaping @Sendable ([Tensor?], [Tensor]) throws -> [Tensor?]) { self.backward = backward }
}

private let runBackward: CTBackward = { context, gradients, gradientCount, saved, savedCount, results, inputCount, message in
  let context = Unmanaged<BackwardContext>.fromOpaque(context).takeUnretainedValue()
  let gradients = (0..<Int(gradientCount)).map { gradients?[$0].map(Tensor.init(owning:)) }
  let saved = (0..<Int(savedCount)).compactMap { saved?[$0].map(Tensor.init(owning:)) }
  do {
    let values = try context.backward(gradients, saved)
    guard values.count == Int(inputCount) else {
      message.pointee = strdup("backward returned \(values.count) gradients for \(inputCount) inputs")
      return 1
    }
    for (index, value) in values.enumerated() { results?[index] = value.map { ct_tensor_retain($0.raw) } }
    return 0
  } catch {
    message.pointee = strdup("\(error)")
    return 1
  }
}
